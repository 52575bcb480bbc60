"""The plan: distinct samples of the own pool, and a longer plan begins with a shorter one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ulk_tf.corpus.plan import PlanRows, draw, prior_of

LABELS = np.random.default_rng(0).choice(10, 2000, p=np.arange(1, 11) / 55).astype(np.int32)
POOL = np.arange(500, 1500, dtype=np.int32)


def rows(**changed: object) -> PlanRows:
    settled = {
        "seed": 3,
        "role": "shadow",
        "base": 0,
        "pool": POOL,
        "labels": LABELS,
        "updates": 30,
        "sizes": (10,),
        "skew": None,
    }
    return draw(**(settled | changed))


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**31 - 1),
    updates=st.integers(1, 12),
    more=st.integers(0, 12),
    size=st.integers(1, 60),
    pool=st.integers(60, 200),
    skew=st.one_of(st.none(), st.floats(1e-3, 100)),
)
def test_a_longer_plan_begins_with_a_shorter_one(
    seed: int, updates: int, more: int, size: int, pool: int, skew: float | None
) -> None:
    common = {"seed": seed, "pool": POOL[:pool], "sizes": (size,), "skew": skew}
    short, long = rows(updates=updates, **common), rows(updates=updates + more, **common)
    np.testing.assert_array_equal(long.indices[:updates], short.indices)
    np.testing.assert_array_equal(long.seeds[:updates], short.seeds)
    assert long.indices.shape == (updates + more, size) and long.indices.dtype == np.int32
    assert long.seeds.shape == (updates + more, 2) and long.seeds.dtype == np.int32
    assert long.seeds.min() >= 0
    for own in long.indices:
        assert len(set(own)) == size and set(own) <= set(POOL[:pool])


@pytest.mark.parametrize("skew", [None, 0.5])
def test_a_set_may_be_the_whole_pool(skew: float | None) -> None:
    plan = rows(pool=POOL[:40], sizes=(40,), skew=skew)
    for own in plan.indices:
        assert set(own) == set(POOL[:40])
    assert len({own.tobytes() for own in plan.indices}) == 30


@pytest.mark.parametrize("change", [{"seed": 4}, {"role": "target"}, {"base": 1}])
def test_every_base_has_a_plan_of_its_own(change: dict[str, object]) -> None:
    one, other = rows(), rows(**change)
    assert not (one.indices == other.indices).all(1).any()
    assert not (one.seeds == other.seeds).all(1).any()


def test_sets_may_overlap_and_seeds_do_not_repeat() -> None:
    plan = rows(updates=300)
    assert len(np.unique(plan.indices)) > 900
    assert np.bincount(plan.indices.ravel()).max() > 5
    assert len({tuple(seed) for seed in plan.seeds}) == 300


def distributions(skew: float | None, size: int = 100, updates: int = 300) -> np.ndarray:
    plan = rows(updates=updates, sizes=(size,), skew=skew)
    return np.stack([np.bincount(LABELS[own], minlength=10) / size for own in plan.indices])


def test_without_skew_labels_are_those_of_the_pool() -> None:
    of_pool = np.bincount(LABELS[POOL], minlength=10) / len(POOL)
    np.testing.assert_allclose(distributions(None).mean(0), of_pool, atol=0.01)


def test_skew_is_the_concentration_of_a_dirichlet() -> None:
    # Expected sum of squares of Dirichlet(a) over k classes: (a + 1) / (k a + 1).
    for skew in (0.5, 2.0):
        found = (distributions(skew, 20, 2000) ** 2).sum(1).mean()
        dirichlet = (skew + 1) / (10 * skew + 1)
        # Twenty draws from it add their own scatter.
        expected = dirichlet + (1 - dirichlet) / 20
        assert abs(found - expected) < 0.02
    # Whatever the pool holds more of.
    np.testing.assert_allclose(distributions(2.0, 10, 2000).mean(0), 0.1, atol=0.02)


def test_sets_follow_a_prior() -> None:
    prior = prior_of(5, 1.0, 10)
    assert prior is not None and np.ptp(prior) > 0.1 and prior.sum() == pytest.approx(1)
    singles = LABELS[rows(updates=4000, sizes=(1,), prior=prior).indices[:, 0]]
    np.testing.assert_allclose(np.bincount(singles, minlength=10) / 4000, prior, atol=0.025)
    # Skewed sets scatter around it: each has few classes, all together have the prior's.
    plan = rows(updates=3000, sizes=(5,), skew=0.5, prior=prior)
    shares = np.stack([np.bincount(LABELS[own], minlength=10) / 5 for own in plan.indices])
    np.testing.assert_allclose(shares.mean(0), prior, atol=0.03)
    assert np.square(shares).sum(1).mean() > 0.4
    # A longer plan begins with a shorter one.
    np.testing.assert_array_equal(
        rows(updates=9, prior=prior).indices[:4], rows(updates=4, prior=prior).indices
    )


def test_a_prior_depends_on_the_seed_alone() -> None:
    assert prior_of(0, None, 10) is None
    np.testing.assert_array_equal(prior_of(0, 1.0, 10), prior_of(0, 1.0, 10))
    first, other = prior_of(0, 1.0, 10), prior_of(1, 1.0, 10)
    assert first is not None and other is not None and np.abs(first - other).max() > 0.05
    even, rare = prior_of(0, 1e4, 10), prior_of(0, 1e-3, 10)
    assert even is not None and np.ptp(even) < 0.01
    assert rare is not None and np.sort(rare)[-2:].sum() > 0.9 and rare.min() > 0


def test_a_class_that_runs_out_gives_its_share_to_others() -> None:
    labels = np.array([0] * 3 + [1] * 100 + [4] * 5, np.int32)
    plan = rows(
        pool=np.arange(108, dtype=np.int32), labels=labels, sizes=(100,), skew=1e-3, updates=50
    )
    for own in plan.indices:
        counts = np.bincount(labels[own], minlength=5)
        assert len(set(own)) == 100 and counts[2] == counts[3] == 0
        assert counts[0] <= 3 and counts[4] <= 5 and counts[1] >= 92
