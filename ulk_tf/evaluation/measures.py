"""Measures: how the values of all questions become an estimate, and a gain over a baseline's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import stats

from ulk_tf.evaluation.intervals import Estimate, interval, paired_difference, paired_gain
from ulk_tf.files import Array

# Resamples of a bootstrap: its deviation is known to about 4%.
RESAMPLES = 300


class Measure(Protocol):
    """A function of all values and their groups, and the gain by which two are compared."""

    def estimate(self, values: Array, groups: Array) -> Estimate:
        """Estimate with its 95% interval.

        Args:
            values: one row for each question, [questions] or [questions, n].
            groups: target base of each question, int [questions].
        """

    def gain(self, ours: Array, other: Array, groups: Array, less_is_better: bool) -> Estimate:
        """Paired gain of the attack over a baseline that was asked the same.

        Args:
            ours: values of the attack.
            other: values of the baseline, of the same questions.
            groups: target base of each question, int [questions].
            less_is_better: the gain is 1 - ours / other then, and ours - other elsewhere.
        """


class Means:
    """Mean over updates, each target base counting alike; see `intervals`."""

    def estimate(self, values: Array, groups: Array) -> Estimate:
        """Mean with the interval of `intervals.interval`."""
        return interval(values, groups)

    def gain(self, ours: Array, other: Array, groups: Array, less_is_better: bool) -> Estimate:
        """Relative gain of the means, or their difference, with a paired interval."""
        return (paired_gain if less_is_better else paired_difference)(ours, other, groups)


@dataclass(frozen=True)
class Pooled:
    """Statistic of all questions of a base at once, such as an AUC; no mean over questions.

    As in `intervals`, two intervals are taken and the wider one is given: Student's over the
    statistics of the bases, and a bootstrap over the questions within the bases.

    Attributes:
        statistic: values [questions, n] of one base -> a number.
        low: smallest value that it can have.
        high: largest value that it can have.
    """

    statistic: Callable[[Array], float]
    low: float = 0.0
    high: float = 1.0

    def estimate(self, values: Array, groups: Array) -> Estimate:
        """Mean of the bases' statistics."""
        found = _bootstrapped(values, groups, self.statistic)
        return Estimate(
            found.mean, max(found.low, self.low), min(found.high, self.high), len(values)
        )

    def gain(self, ours: Array, other: Array, groups: Array, less_is_better: bool) -> Estimate:
        """Gain of the bases' statistics, on the same resampled questions."""
        width = ours.shape[-1]

        def apart(both: Array) -> float:
            own, theirs = self.statistic(both[:, :width]), self.statistic(both[:, width:])
            if not less_is_better:
                return own - theirs
            return 1 - own / theirs if theirs else 0.0

        return _bootstrapped(np.concatenate([ours, other], -1), groups, apart)


def _bootstrapped(values: Array, groups: Array, statistic: Callable[[Array], float]) -> Estimate:
    if len(values) != len(groups) or not len(values):
        raise ValueError(f"Expected one base for each value; {values.shape}, {groups.shape}.")
    rng = np.random.default_rng(0)
    parts = [values[groups == base] for base in np.unique(groups)]
    found = np.array([statistic(part) for part in parts])
    again = [
        [statistic(part[rng.integers(len(part), size=len(part))]) for part in parts]
        for _ in range(RESAMPLES)
    ]
    halves = [float(stats.norm.ppf(0.975) * np.mean(again, 1).std())]
    if len(parts) > 1:
        deviation = float(found.std(ddof=1)) / len(parts) ** 0.5
        halves.append(float(stats.t.ppf(0.975, len(parts) - 1)) * deviation)
    mean, half = float(found.mean()), max(halves)
    return Estimate(mean, mean - half, mean + half, len(values))


def auc(values: Array) -> float:
    """Area under the ROC curve: how often a member scores above a non-member, ties half.

    Args:
        values: score, and 1 for a member or 0, [questions, 2].

    Returns:
        0 to 1; 0.5 where there are no members or nobody else.
    """
    scores, member = values[:, 0], values[:, 1] > 0.5
    members, rest = int(member.sum()), int((~member).sum())
    if not members or not rest:
        return 0.5
    ranks = stats.rankdata(scores)
    return float((ranks[member].sum() - members * (members + 1) / 2) / (members * rest))


def tpr_at_1_fpr(values: Array) -> float:
    """Share of members that score above all but 1% of the others, 0 to 1.

    Args:
        values: score, and 1 for a member or 0, [questions, 2].
    """
    scores, member = values[:, 0], values[:, 1] > 0.5
    others = np.sort(scores[~member])[::-1]
    if not member.any() or not len(others):
        return 0.01
    return float((scores[member] > others[int(0.01 * len(others))]).mean())


def scored(truth: Array, scores: Array) -> Array:
    """Values of a measure of ranking: scores [questions] beside the truth, [questions, 2]."""
    return np.stack([np.asarray(scores, np.float64), np.asarray(truth, np.float64)], -1)


MEANS = Means()
AUC = Pooled(auc)
TPR = Pooled(tpr_at_1_fpr)
