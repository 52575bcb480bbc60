"""Censored posteriors: those whose small values were set to 0, or raised to a least one.

Exact posteriors hardly ever tie within a row, and few lie next to the least of all. Those that were
censored do, also after rows were scaled to a sum of 1 again; noise that is clipped at 0 leaves such
zeros, too. Logits tell the same where a service raises theirs, or fills in a number for classes
that it leaves out.
"""

import numpy as np
from scipy.special import softmax

from ulk_tf.answers.readings import FEW_ROWS, SUM_TOLERANCE, are_sure
from ulk_tf.files import Array

# Rows of exact posteriors in which the two smallest are alike by chance are fewer.
TIED = 0.1
ALIKE = 3e-7  # relative to the smallest: some steps of float32
# Softmax answers 0 only where float32 has no such small number, and others then lie between.
UNDERFLOW = 1e-15
LEAST_OF_TWO = 1e-6  # below which float32 knows no posterior of two that sum to 1
# Coarser steps make posteriors tie by chance, relative to how far two of a row lie apart in
# logarithms; and so many numbers below one half do not all lie far above a step by chance.
COARSE, FEWEST_TOLD = 0.02, 50
# Exact posteriors that lie within 1% of the least one are fewer, where they differ by sample.
NEXT_TO_LEAST, PILED, FEWEST_PILED, SPREAD = 0.01, 0.02, 10, 0.5


def are_censored(values: Array, apart: float = 0.0) -> bool:
    """Tell whether the smallest posteriors of many rows are told as the same number.

    Args:
        values: float64 [n, classes].
        apart: how far two neighbouring numbers lie apart as they are rounded, relative to the
            smallest above 0; 0 where none is rounded.

    Example:
        >>> import numpy as np
        >>> exact = np.random.default_rng(0).dirichlet(np.full(10, 0.2), 50)
        >>> are_censored(exact), are_censored(np.maximum(exact, 0.001))
        (False, True)
    """
    rows, classes = values.shape
    off = values.sum(axis=1) - 1
    if rows < FEW_ROWS or values.min() < 0 or np.ptp(values, axis=0).max() == 0:
        return False
    # Values that are set to 0 take little away; those that are raised add the least one at most.
    if off.min() < -SUM_TOLERANCE or off.max() > max(classes * values.min(), SUM_TOLERANCE):
        return False
    # Classes that no sample has are unused, and none of them is censored.
    used = values[:, (values > 0).any(axis=0)]
    if apart and apart > COARSE * _range(used) / used.shape[1]:
        return False
    if (used == 0).any():
        told = np.unique(used[(used > 0) & (used < 0.5)])
        # Classifiers whose every answer is as good as a label answer 0 by themselves.
        least = LEAST_OF_TWO if used.shape[1] == 2 else UNDERFLOW
        enough = not apart or len(told) >= FEWEST_TOLD
        return bool(enough and used[used > 0].min() > least and not are_sure(used).all())
    alike = max(ALIKE, apart)
    if used.shape[1] == 2:
        return _hold_least(used, alike)
    return _hold_least(used, alike) or _tie(used, float(np.abs(off).max()), alike) or _pile_up(used)


def hide_small(logits: Array, step: float = 0.0) -> bool:
    """Tell whether the smallest logits of many rows are one number, whatever they were.

    Args:
        logits: float64 [n, classes].
        step: step of their rounding; 0 where there is none.

    Example:
        >>> import numpy as np
        >>> exact = np.random.default_rng(0).normal(0, 3, (50, 10))
        >>> hide_small(exact), hide_small(np.maximum(exact, -2))
        (False, True)
    """
    # Classes with one logit for all samples are masked.
    used = logits[:, np.ptp(logits, axis=0) > 0]
    ranges = np.ptp(used, axis=1) if used.shape[1] else np.zeros(1)
    if len(logits) < FEW_ROWS or not used.shape[1]:
        return False
    if step > COARSE * float(np.median(ranges)) / used.shape[1]:
        return False
    rows = np.unique(used, axis=0)
    smallest = np.sort(rows, axis=1)
    if _are_many(rows, smallest[:, 0] == smallest.min()):
        return True
    if used.shape[1] < 3:
        return False
    tied = smallest[:, 0] == smallest[:, 1]
    return bool(tied.sum() >= 2 and tied.mean() >= TIED) or _pile_up(softmax(used, axis=1))


def _range(values: Array) -> float:
    """How far posteriors of a row above 0 lie apart in logarithms, in the median of all rows."""
    smallest = np.where(values > 0, values, np.inf).min(axis=1)
    return float(np.median(np.log(values.max(axis=1) / smallest)))


def _hold_least(values: Array, alike: float) -> bool:
    """Tell whether the smallest posterior of all is that of many rows."""
    # Samples that are the same are answered alike; so are all of two classes that were raised, to
    # a number that somebody chose.
    pairs = values.shape[1] == 2
    rows = values if pairs else np.unique(values, axis=0)
    smallest = rows.min(axis=1)
    if pairs and not _is_short(float(smallest.min())):
        return False
    tied = smallest - smallest.min() <= alike * smallest.min()
    return bool(smallest.min() > UNDERFLOW and _are_many(rows, tied))


def _are_many(rows: Array, held: Array) -> bool:
    """Tell whether rows whose smallest number is one and the same are too many for chance."""
    # A leaf of the trees of one class holds one number, too.
    classes = len(np.unique(rows[held].argmin(axis=1)))
    several = classes > 1 or rows.shape[1] < 3
    return bool(several and held.sum() >= 3 and held.mean() >= TIED / 2)


def _tie(values: Array, off: float, alike: float) -> bool:
    """Tell whether the two smallest posteriors of many rows are alike.

    Args:
        values: float64 [n, classes], above 0.
        off: by how much sums of rows miss 1 at most.
        alike: how far two may lie apart, relative to the smaller.
    """
    first, second = np.sort(values, axis=1)[:, :2].T
    tied = (second - first <= alike * first) & (first > UNDERFLOW)
    if tied.sum() < 2 or tied.mean() < TIED:
        return False
    # Of rows that do not sum to 1, the least value itself is the same everywhere.
    return bool(off <= SUM_TOLERANCE or np.ptp(first[tied]) <= alike * first[tied].max())


def _pile_up(values: Array) -> bool:
    """Tell whether many posteriors lie next to the least one, as where one was added to all."""
    logarithms = np.log(np.unique(values, axis=0).clip(UNDERFLOW))
    least = logarithms.min()
    # Classes that are answered nearly alike for all samples lie where they lie.
    if least <= np.log(UNDERFLOW) or (logarithms - logarithms.mean(axis=0)).std() < SPREAD:
        return False
    piled = logarithms <= least + NEXT_TO_LEAST
    return bool(piled.sum() >= FEWEST_PILED and piled.mean() >= PILED)


def _is_short(value: float) -> bool:
    """Tell whether a number, or what becomes of it where both are scaled to 1, has two digits."""
    return any(
        abs(float(f"{one:.1e}") - one) <= ALIKE * one for one in (value, value / (1 - value))
    )
