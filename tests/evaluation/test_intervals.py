"""Intervals that cover what they claim to, over bases and the updates on each."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ulk_tf.evaluation.intervals import Estimate, interval, paired_difference, paired_gain

TRIALS = 600


def _groups(bases, updates):
    return np.repeat(np.arange(bases), updates)


def _coverage(bases, updates, effect, seed=0):
    """How often the interval holds the true mean 0; `effect` is the bases' share of spread."""
    rng = np.random.default_rng(seed)
    groups = _groups(bases, updates)
    covered = 0
    for _ in range(TRIALS):
        values = effect * rng.standard_normal(bases)[groups] + rng.standard_normal(len(groups))
        estimate = interval(values, groups)
        covered += estimate.low <= 0 <= estimate.high
    return covered / TRIALS


# The effects are from none to far above the noise of a base's mean (0.14 for 50 updates);
# 0.1 to 0.5 is where a rule that picks one of two variances covers 87%.
@pytest.mark.parametrize("bases", [2, 3, 6])
@pytest.mark.parametrize("effect", [0.0, 0.15, 0.25, 0.5, 3.0])
def test_it_covers_the_truth_whatever_the_bases_differ_by(bases, effect):
    # Three standard errors of a share of 600 trials under 95%.
    assert _coverage(bases, 50, effect) >= 0.95 - 3 * (0.95 * 0.05 / TRIALS) ** 0.5


def test_one_base_covers_its_own_updates_and_not_other_bases():
    assert _coverage(1, 50, 0.0) >= 0.92
    assert _coverage(1, 50, 3.0) < 0.2


def test_updates_of_one_base_do_not_count_as_independent():
    rng = np.random.default_rng(0)
    groups = _groups(4, 200)
    values = rng.standard_normal(4)[groups] + 0.1 * rng.standard_normal(len(groups))
    naive = 1.96 * values.std() / len(values) ** 0.5
    own = interval(values, groups)
    assert (own.high - own.low) / 2 > 5 * naive


def test_with_bases_that_differ_it_is_students_interval_of_their_means():
    values = np.array([1.0, 1.2, 5.0, 5.2, 9.0, 9.4])
    own = interval(values, _groups(3, 2))
    means = np.array([1.1, 5.1, 9.2])
    low, high = stats.t.interval(0.95, 2, means.mean(), means.std(ddof=1) / 3**0.5)
    assert (own.low, own.high) == pytest.approx((low, high))


def test_with_one_base_it_is_students_interval_of_the_updates():
    values = np.array([0.3, 0.5, 0.9, 1.4])
    own = interval(values, np.zeros(4, int))
    low, high = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    assert (own.low, own.high) == pytest.approx((low, high))


def test_bases_count_alike_however_many_updates_each_has():
    own = interval(np.array([0.0, 0.0, 0.0, 3.5]), np.array([7, 7, 7, 2]))
    assert own.mean == pytest.approx(1.75)
    assert own.n == 4


@given(
    st.floats(-1e6, 1e6).filter(lambda value: value not in (0, 1)),
    st.lists(st.integers(0, 4), min_size=1, max_size=40),
)
def test_equal_values_have_no_interval_to_the_last_bit(value, groups):
    own = interval(np.full(len(groups), value), np.array(groups))
    assert (own.low, own.mean, own.high) == (value, value, value)


def test_all_hits_do_not_prove_that_there_are_no_misses():
    own = interval(np.ones(300), _groups(3, 100))
    assert own.mean == own.high == 1.0
    # The rule of three puts the end at 1 - 3 / 300.
    assert 0.97 < own.low < 0.995


@pytest.mark.parametrize("share", [0.9, 0.99])
def test_shares_near_one_are_covered_and_stay_inside_zero_and_one(share):
    rng = np.random.default_rng(1)
    groups = _groups(3, 100)
    estimates = [interval(rng.random(300) < share, groups) for _ in range(TRIALS)]
    assert all(0 <= e.low <= e.high <= 1 for e in estimates)
    assert np.mean([e.low <= share <= e.high for e in estimates]) >= 0.93


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6, allow_subnormal=False), st.integers(0, 4)),
        min_size=1,
        max_size=40,
    )
)
def test_the_mean_lies_inside_and_the_order_of_updates_does_not_matter(rows):
    values, groups = (np.array(column) for column in zip(*rows, strict=True))
    own = interval(values, groups)
    assert own.low <= own.mean <= own.high
    assert own == interval(values, groups)
    # Names of bases mean nothing, and neither does the order of the updates.
    backwards = interval(values[::-1], 10 - groups[::-1])
    scale = max(np.abs(values).max(), 1e-300)
    assert np.allclose([own.low, own.high], [backwards.low, backwards.high], atol=1e-9 * scale)


def test_gain_is_that_of_the_means_and_covers_the_truth():
    rng = np.random.default_rng(2)
    groups, covered = _groups(3, 60), 0
    for _ in range(TRIALS):
        other = 2 + 0.3 * rng.standard_normal(3)[groups] + 0.5 * rng.standard_normal(180)
        ours = 0.8 * other + 0.1 * rng.standard_normal(180)
        gain = paired_gain(ours, other, groups)
        covered += gain.low <= 0.2 <= gain.high
        assert gain.mean == pytest.approx(1 - ours.mean() / other.mean())
    assert covered / TRIALS >= 0.93


def test_what_both_share_does_not_widen_the_gain():
    rng = np.random.default_rng(3)
    groups = _groups(3, 100)
    hard = 1 + rng.random(3)[groups] + rng.random(300)
    paired = paired_gain(0.9 * hard, hard, groups)
    assert (paired.low, paired.high) == pytest.approx((0.1, 0.1))
    unpaired = paired_gain(0.9 * rng.permutation(hard), hard, groups)
    assert unpaired.high - unpaired.low > 0.02


def test_no_difference_is_no_gain_with_no_spread():
    values = np.random.default_rng(4).random(30)
    gain = paired_gain(values, values, _groups(3, 10))
    assert (gain.mean, gain.low, gain.high) == pytest.approx((0, 0, 0))
    zero = paired_gain(values, np.zeros(30), _groups(3, 10))
    assert zero == Estimate(0.0, 0.0, 0.0, 30)


@pytest.mark.parametrize(("values", "groups"), [([], []), ([1.0, 2.0], [0]), ([1.0], [0, 1])])
def test_lengths_that_do_not_fit_are_refused(values, groups):
    with pytest.raises(ValueError, match="one base for each value"):
        interval(np.array(values), np.array(groups))


def test_json_has_the_four_numbers():
    estimate = Estimate(0.5, 0.4, 0.6, 12)
    assert estimate.as_json() == {"mean": 0.5, "low": 0.4, "high": 0.6, "n": 12}


def test_a_paired_difference_is_the_interval_of_differences():
    rng = np.random.default_rng(0)
    ours, other = rng.random(40), rng.random(40)
    groups = np.repeat([0, 1], 20)
    assert paired_difference(ours, other, groups) == interval(ours - other, groups)


def test_differences_of_hits_never_have_an_interval_of_nothing():
    hits, groups = np.ones(20), np.zeros(20)
    whole = paired_difference(hits, np.zeros(20), groups)
    assert (whole.mean, whole.high) == (1.0, 1.0) and 0.5 < whole.low < 1
    none = paired_difference(hits, hits, groups)
    assert none.mean == 0 and none.low == -none.high < 0
    more = paired_difference(np.ones(200), np.ones(200), np.zeros(200))
    assert more.high < none.high / 3


def test_an_interval_of_differences_of_hits_covers_them():
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(300):
        luck = rng.random(60)
        ours, other = (
            (luck < 0.8).astype(float),
            (luck + rng.normal(0, 0.2, 60) < 0.6).astype(float),
        )
        found = paired_difference(ours, other, np.zeros(60))
        covered.append((found.low, found.high))
    luck, noise = rng.random(10**6), rng.normal(0, 0.2, 10**6)
    true = np.mean((luck < 0.8).astype(float) - (luck + noise < 0.6))
    assert np.mean([low <= true <= high for low, high in covered]) > 0.92
