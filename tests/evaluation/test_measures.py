"""Measures that are no means over questions, against slow versions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ulk_tf.evaluation.intervals import interval, paired_difference, paired_gain
from ulk_tf.evaluation.measures import AUC, MEANS, auc, scored, tpr_at_1_fpr

QUESTIONS = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30)


def slow_auc(values: np.ndarray) -> float:
    pairs = [
        1.0 if a > b else 0.5 if a == b else 0.0
        for a, member in values
        for b, other in values
        if member and not other
    ]
    return float(np.mean(pairs)) if pairs else 0.5


@given(QUESTIONS)
def test_auc_is_the_share_of_pairs_in_order(questions) -> None:
    values = np.array(questions, np.float64)
    assert auc(values) == pytest.approx(slow_auc(values))
    # It does not depend on the scale of scores, and turns round with them.
    assert auc(values * [7, 1] + [3, 0]) == pytest.approx(auc(values))
    assert auc(values * [-1, 1]) == pytest.approx(1 - auc(values))


def test_true_positives_at_one_percent() -> None:
    others = np.arange(200.0)
    # Two of 200 may be false alarms: what counts is above the third.
    members = np.array([196.5, 197.5, 198.5, 500.0])
    truth = np.r_[np.zeros(200), np.ones(4)]
    assert tpr_at_1_fpr(scored(truth, np.r_[others, members])) == 0.75
    assert tpr_at_1_fpr(scored(np.ones(3), np.ones(3))) == 0.01


def questions(rng, count: int, apart: float) -> np.ndarray:
    member = rng.random(count) < 0.5
    return scored(member, rng.normal(size=count) + apart * member)


@pytest.mark.slow
def test_an_interval_of_an_auc_covers_it_and_shrinks() -> None:
    rng = np.random.default_rng(0)
    covered, widths = [], []
    for count in (60, 600):
        found = [AUC.estimate(questions(rng, count, 1.0), np.zeros(count)) for _ in range(40)]
        # Of two normals one deviation apart.
        covered.append(np.mean([one.low <= 0.7602 <= one.high for one in found]))
        widths.append(np.mean([one.high - one.low for one in found]))
    assert min(covered) >= 0.85
    assert widths[1] < widths[0] / 2.5
    whole = AUC.estimate(scored([0, 1] * 20, [0, 1] * 20), np.zeros(40))
    assert (whole.mean, whole.high, whole.n) == (1.0, 1.0, 40)


def test_bases_that_differ_widen_the_interval() -> None:
    rng = np.random.default_rng(1)
    parts = [questions(rng, 200, apart) for apart in (0.0, 1.0, 2.0)]
    values, groups = np.concatenate(parts), np.repeat([4, 5, 9], 200)
    found, alike = AUC.estimate(values, groups), AUC.estimate(values, np.zeros(600))
    assert found.mean == pytest.approx(np.mean([auc(part) for part in parts]))
    assert found.high - found.low > 3 * (alike.high - alike.low)
    assert AUC.estimate(values, groups) == found


def test_the_gain_of_an_auc_is_paired() -> None:
    rng = np.random.default_rng(2)
    ours = questions(rng, 300, 1.5)
    other = ours.copy()
    other[:, 0] += 0.05 * rng.normal(size=300)
    groups = np.repeat([0, 1], 150)
    gain = AUC.gain(ours, other, groups, less_is_better=False)
    own, theirs = AUC.estimate(ours, groups), AUC.estimate(other, groups)
    assert gain.mean == pytest.approx(own.mean - theirs.mean)
    assert gain.high - gain.low < (own.high - own.low) / 3
    relative = AUC.gain(ours, other, np.zeros(300), less_is_better=True)
    assert relative.mean == pytest.approx(1 - auc(ours) / auc(other))


def test_means_are_those_of_intervals() -> None:
    rng = np.random.default_rng(3)
    ours, other, groups = rng.random(30), rng.random(30), np.repeat([0, 1, 2], 10)
    assert MEANS.estimate(ours, groups) == interval(ours, groups)
    assert MEANS.gain(ours, other, groups, True) == paired_gain(ours, other, groups)
    assert MEANS.gain(ours, other, groups, False) == paired_difference(ours, other, groups)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="one base for each"):
        AUC.estimate(np.zeros((3, 2)), np.zeros(2))
