"""95% intervals over several target bases and the updates on each."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

from ulk_tf.files import Array


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95% interval.

    Attributes:
        mean: over all updates, each target base counting alike.
        low: lower end.
        high: upper end.
        n: updates.
    """

    mean: float
    low: float
    high: float
    n: int

    def as_json(self) -> dict[str, float]:
        """Give the fields as results.json has them."""
        return asdict(self)


def interval(values: Array, groups: Array) -> Estimate:
    """The mean over target bases, with a t interval.

    Updates of one base resemble one another, so that they do not count as independent. Two
    intervals are taken and the wider one is given: Student's over the base means (bases - 1
    degrees of freedom), which covers other bases too, and the one over the updates within the
    bases, which is wider only where the few base means happen to lie close together.

    What it covers: with two or three bases it is valid and wide (the t quantile is 12.7 or
    4.3). With one base it covers other updates of *this* base and says nothing about other
    bases. With one update there is no spread to measure, and both ends are the mean.

    Hits and misses (every value 0 or 1) get an interval inside [0, 1] which does not shrink to
    nothing where all are hits (see `_variance`).

    Args:
        values: of each update, [n].
        groups: the target base of each update, int [n].

    Raises:
        ValueError: there are no values, or the two lengths differ.
    """
    values = np.asarray(values, np.float64)
    hits = _are_hits(values)
    centre, half = _centre(values, np.asarray(groups), _hit_variance if hits else _variance)
    low, high = centre - half, centre + half
    if hits:
        low, high = max(low, 0.0), min(high, 1.0)
    return Estimate(centre, low, high, len(values))


def paired_gain(ours: Array, other: Array, groups: Array) -> Estimate:
    """The relative gain 1 - mean(ours) / mean(other), where less is better.

    Its interval is that of the mean of ours - ratio x other by the delta method, taken as
    `interval` takes it, so that what both share does not widen it.

    Args:
        ours: of each update, [n].
        other: of the same updates, [n]. Nothing can be gained where its mean is 0: the gain is
            0 then.
        groups: the target base of each update, int [n].

    Raises:
        ValueError: there are no values, or the lengths differ.
    """
    ours, other = np.asarray(ours, np.float64), np.asarray(other, np.float64)
    groups = np.asarray(groups)
    (own, _), (theirs, _) = (_centre(part, groups) for part in (ours, other))
    if theirs == 0:
        return Estimate(0.0, 0.0, 0.0, len(ours))
    gain = 1 - own / theirs
    _, half = _centre((ours - own / theirs * other) / theirs, groups)
    return Estimate(gain, gain - half, gain + half, len(ours))


def paired_difference(ours: Array, other: Array, groups: Array) -> Estimate:
    """The gain mean(ours) - mean(other), where more is better.

    Its interval is that of the mean of the differences, taken as `interval` takes it. Differences
    of hits and misses get an interval inside [-1, 1] that does not shrink to nothing where all
    are equal.

    Args:
        ours: of each update, [n].
        other: of the same updates, [n].
        groups: the target base of each update, int [n].

    Raises:
        ValueError: there are no values, or the lengths differ.
    """
    ours, other = np.asarray(ours, np.float64), np.asarray(other, np.float64)
    hits = _are_hits(ours) and _are_hits(other)
    variance = _hit_difference_variance if hits else _variance
    gain, half = _centre(ours - other, np.asarray(groups), variance)
    low, high = gain - half, gain + half
    if hits:
        low, high = max(low, -1.0), min(high, 1.0)
    return Estimate(gain, low, high, len(ours))


def _are_hits(values: Array) -> bool:
    return values.size > 0 and bool(np.isin(values, (0, 1)).all())


def _variance(part: Array) -> float:
    """Variance of one base's values."""
    return float(part.var(ddof=1)) if len(part) > 1 else 0.0


def _hit_variance(part: Array) -> float:
    """Variance of one base's hits and misses.

    It is that of the proportion with two of each added (Agresti and Coull 1998): 100 hits of 100
    do not prove that there are no misses.
    """
    share = (part.sum() + 2) / (len(part) + 4)
    return float(share * (1 - share))


def _hit_difference_variance(part: Array) -> float:
    """Variance of one base's differences of hits, each -1, 0 or 1.

    Half a case is added to each of the four kinds of pairs (Agresti and Min 2005).
    """
    more, less = (((part == sign).sum() + 0.5) / (len(part) + 2) for sign in (1, -1))
    return float(more + less - (more - less) ** 2)


def _centre(
    values: Array, groups: Array, variance: Callable[[Array], float] = _variance
) -> tuple[float, float]:
    """The mean of the base means, and half of the wider of the two intervals."""
    if values.shape != groups.shape or not values.size:
        raise ValueError(f"Expected one base for each value; {values.shape}, {groups.shape}.")
    if variance is _variance and (values == values[0]).all():
        # Rounding in a mean of equal values would leave a spread.
        return float(values[0]), 0.0
    parts = [values[groups == base] for base in np.unique(groups)]
    means = np.array([part.mean() for part in parts])
    bases = len(parts)
    within = sum(variance(part) / len(part) for part in parts) / bases**2
    halves = [_half(within, len(values) - bases)]
    if bases > 1:
        halves.append(_half(float(means.var(ddof=1)) / bases, bases - 1))
    return float(means.mean()), max(halves)


def _half(variance: float, freedom: int) -> float:
    """Half of a 95% t interval for a mean with this variance."""
    return float(stats.t.ppf(0.975, max(freedom, 1)) * variance**0.5)
