"""Readings of rows of numbers: posteriors, with noise or cut; or logits."""

import numpy as np
from scipy.special import chdtri, ndtri, softmax, stdtrit

from ulk_tf.files import Array

SUM_TOLERANCE = 1e-3
BELOW_ZERO = 1e-6  # arithmetic, and no noise yet
COARSEST = 0.1  # of coarser steps that were cut off, rows may sum to anything
UNEVEN = 1e-5  # by which exact float32 posteriors never miss 1
# The most that clipped noise may move a row's sum, for each root of a class, and a value.
CLIPPED_NOISE, OUTSIDE = 0.3, 0.3
OUTSIDE_EXACT = 3.0  # the most that noise may lie outside 0 and 1 where rows sum to 1
# The largest deviation of noise on posteriors; and where no value lies below 0.
NOISE, NOISE_WITHIN = 0.2, 0.1
# Noise is not taken for logits more often than this, by each of three tests.
DOUBT = 1e-6
# Values below 0 that noise makes, at least, for each one between 0 and its deviation: so many of
# posteriors of three deviations, more of smaller ones.
BELOW = 0.06
SATURATED = 1e-6  # by which the top posterior misses 1 where an answer is as good as a label
FEW_ROWS = 8  # of fewer rows the mean says nothing


def sums_to_one(values: Array, step: float) -> bool:
    """Tell whether no value is negative and every row sums to 1, as exactly as rounding lets it.

    Args:
        values: float64 [n, classes].
        step: step of their rounding; 0 where there is none.
    """
    slack = SUM_TOLERANCE + values.shape[1] * step / 2
    # Coarse steps of many classes may sum to anything.
    within = values.min() >= -BELOW_ZERO and values.max() <= 1 + SUM_TOLERANCE + step / 2
    return bool(within and np.abs(values.sum(axis=1) - 1).max() <= slack)


def is_truncated(values: Array, step: float) -> bool:
    """Tell whether rows are posteriors whose last digits were cut off, or all raised, to a step.

    Args:
        values: float64 [n, classes].
        step: step of their rounding; 0 where there is none.
    """
    off = values.sum(axis=1) - 1
    most = SUM_TOLERANCE + values.shape[1] * step
    lower = off.max() <= SUM_TOLERANCE and off.min() >= -most
    upper = off.min() >= -SUM_TOLERANCE and off.max() <= most and bool((values > 0).all())
    return bool(0 < step <= COARSEST and values.min() >= 0 and (lower or upper))


def is_cut(values: Array, step: float) -> bool:
    """Tell whether rows are posteriors of which the smallest were set to 0.

    What is missing to 1 must be so little that every class that was cut could have had less
    than those that were kept.

    Args:
        values: float64 [n, classes].
        step: step of their rounding; 0 where there is none.
    """
    slack = SUM_TOLERANCE + values.shape[1] * step / 2
    zeros = (values == 0).sum(axis=1)
    if values.min() < 0 or not zeros.any() or values.max() > 1 + SUM_TOLERANCE + step / 2:
        return False
    missing = 1 - values.sum(axis=1)
    # Classes that no sample has are unused, and none was cut.
    unused = zeros.sum() == (values == 0).all(axis=0).sum() * len(values)
    if len(values) >= FEW_ROWS and unused and np.abs(missing).max() <= slack:
        return False
    smallest = np.where(values > 0, values, np.inf).min(axis=1)
    # A row that was cut away wholly hides what it was.
    most = np.where(np.isinf(smallest), 1.0, zeros * (np.minimum(smallest, 1) + step))
    return bool(missing.min() >= -slack and np.all(missing <= most + slack))


def noise_of(values: Array) -> float | None:
    """Estimate the noise on posteriors; None where they are not that.

    Noise leaves the sum of a row near 1, to both sides of it, and values below 0 few and small.
    Logits sum to anything.

    Args:
        values: float64 [n, classes].

    Returns:
        Its standard deviation; 0 where there is none to be seen.
    """
    classes = values.shape[1]
    off = values.sum(axis=1) - 1
    negative = values[values < 0]
    outside = max(-float(values.min()), float(values.max()) - 1, 0.0)
    furthest = float(np.abs(off).max())
    if furthest <= SUM_TOLERANCE:
        plausible = outside <= OUTSIDE_EXACT
    elif len(negative):
        plausible = _is_noise(values, NOISE)
    else:
        # Clipped to 0, by which rows grow.
        clipped = bool((values == 0).mean() > 0.01)
        little = outside <= OUTSIDE and furthest <= CLIPPED_NOISE * np.sqrt(classes)
        plausible = (clipped and little) or _is_noise(values, NOISE_WITHIN)
        plausible &= not clipped or _rows_grow(values, off)
    if not plausible:
        return None
    if not len(negative) and (furthest <= UNEVEN or not _around_zero(off, 10)):
        return float(np.sqrt(np.mean(off**2) / classes)) if furthest > SUM_TOLERANCE else 0.0
    below = float(np.sqrt(np.mean(negative**2))) if len(negative) else 0.0
    return max(float(np.sqrt(np.mean(off**2) / classes)), below)


def _rows_grow(values: Array, off: Array) -> bool:
    """Tell whether rows sum to more than 1 where values are 0, as clipping at 0 makes them.

    Each value that noise took below 0 and that was clipped adds at least half a deviation to its
    row; of two classes the other one, clipped at 1, takes it away again.
    """
    rows, classes = values.shape
    deviation = float(off.std()) / np.sqrt(classes)
    added = deviation * float((values == 0).mean()) * classes / 4
    return rows < FEW_ROWS or classes < 3 or bool(off.mean() >= added)


def _is_noise(values: Array, most: float) -> bool:
    """Test whether independent noise on posteriors explains sums and values outside 0 and 1.

    The sums tell its deviation: no posterior changes them. Noise of that deviation must explain
    how far values lie below 0 or above 1, and the mean of the sums must be 1. Small values that
    are never below 0 have no noise: scores of one class against the others, such as sigmoids, sum
    to about 1, too.

    Args:
        values: float64 [n, classes].
        most: largest deviation of noise.
    """
    rows, classes = values.shape
    off = values.sum(axis=1) - 1
    deviation = float(np.sqrt(np.mean(off**2) / classes))
    below = values[values < 0]
    if max(deviation, float(np.sqrt(np.mean(below**2))) if len(below) else 0.0) > most:
        return False
    expected = BELOW * int(((values > 0) & (values < deviation)).sum())
    if expected > -np.log(DOUBT) and (values <= 0).sum() < expected / 4:
        return False
    # With few rows the deviation is known badly: the largest that chance may hide.
    largest = min(deviation * float(np.sqrt(rows / chdtri(rows, 1 - DOUBT))), 1.5 * most)
    outside = max(-float(values.min()), float(values.max()) - 1, 0.0)
    if outside > -ndtri(DOUBT / values.size) * largest:
        return False
    errors = -float(stdtrit(rows - 1, DOUBT)) if rows > 2 else np.inf
    spread = float(off.std(ddof=1)) / np.sqrt(rows) if rows > 2 else 0.0
    return bool(errors == np.inf or abs(off.mean()) <= errors * spread + UNEVEN)


def are_logits(values: Array, step: float) -> bool:
    """Tell whether logits are the only reading of values that are no posteriors.

    Args:
        values: float64 [n, classes].
        step: step of their rounding; 0 where there is none.
    """
    lowest, highest = float(values.min()), float(values.max())
    sums = values.sum(axis=1)
    certain = (np.abs(sums - 1) <= SUM_TOLERANCE) & (values.min(axis=1) >= 0)
    if len(values) >= FEW_ROWS and certain.mean() > 0.1:  # some rows are posteriors
        return False
    if lowest < -BELOW_ZERO:
        # Scores from 0 to 1 with some noise are sigmoids.
        return not (highest > OUTSIDE and highest <= 1.1 and -lowest < 0.05 * highest)
    whole = np.array_equal(values, np.rint(values))
    # Posteriors in an unknown unit have one sum, or reach from next to 0 to far above 1.
    same = values.shape[1] * step + 1e-5 * float(sums.mean())
    saturated = are_sure(softmax(values, axis=1)).mean() > 0.2
    from_zero = saturated and bool(np.median(values.min(axis=1)) < 0.05 * np.median(values.max(1)))
    return highest > 1.1 and not whole and not from_zero and float(np.ptp(sums)) > same


def are_sure(posteriors: Array) -> Array:
    """Tell of each row whether it is as good as a label, bool [n].

    Args:
        posteriors: [n, classes].
    """
    sure: Array = posteriors.max(axis=1) >= 1 - SATURATED
    return sure


def _around_zero(off: Array, errors: float) -> bool:
    """Tell whether deviations have a mean of 0, to so many standard errors; few rows always do."""
    if len(off) < FEW_ROWS:
        return True
    return bool(abs(off.mean()) <= errors * off.std() / np.sqrt(len(off)) + UNEVEN)
