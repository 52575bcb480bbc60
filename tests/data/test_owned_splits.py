"""Splits beside a base model from a file: what it has seen is in no part."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ulk_tf.data.set_sizes import check_set_sizes
from ulk_tf.data.splits import ROLES, Splits, split
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings import presets

UNLEARNING = "unlearning_by_retraining"


def drawn(count: int, insider: bool, old: Array | None, **flags: Any) -> Splits:
    files = {"base_model": "m.keras"} | ({"shadow_base_model": "m.keras"} if insider else {})
    sides = ("owner", "adversary") if insider else ("owner",)
    experiment = presets.experiment("li", **files, **flags)
    return split(experiment, count, None, dict.fromkeys(sides, old))


def parts(splits: Splits) -> list[Array]:
    return [splits.probes, splits.shadow, splits.validation, splits.target]


@given(
    count=st.integers(20, 900),
    share=st.floats(0, 0.95),
    known=st.booleans(),
    insider=st.booleans(),
    seed=st.integers(0, 9),
    probes=st.one_of(st.none(), st.integers(1, 200)),
)
def test_old_samples_are_in_no_part(
    count: int, share: float, known: bool, insider: bool, seed: int, probes: int | None
) -> None:
    old = np.sort(np.random.default_rng(seed).permutation(count)[: int(share * count)])
    flags = {} if probes is None else {"n_probes": probes}
    try:
        splits = drawn(count, insider, old if known else None, seed=seed, **flags)
    except UserError:
        return
    every = np.concatenate(parts(splits))
    assert len(np.unique(every)) == len(every)
    assert not known or not np.isin(every, old).any()
    for role in ROLES:
        found = splits.for_base(role, 0)
        assert len(found.pool) >= splits.pool_size(role) > 0
        if role == "target" or insider:
            assert found.base_known == known
            np.testing.assert_array_equal(found.base, old if known else [])
            np.testing.assert_array_equal(found.pool, getattr(splits, role))
        else:
            # Of a handful of samples, all may be lent to a large probing set.
            assert found.base_known and (len(found.base) > 0 or len(splits.lent))
            assert set(found.base) <= set(splits.shadow)


def test_insider_and_outsider_are_asked_about_the_same_samples() -> None:
    old = np.arange(10_000, dtype=np.int32)
    one, other = (drawn(70_000, insider, old) for insider in (False, True))
    for mine, theirs in zip(parts(one), parts(other), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert [len(part) for part in parts(one)] == [100, 45_900, 4_000, 10_000]
    assert one.base_sizes["shadow"] == 10_000
    assert other.base_sizes["shadow"] == other.base_sizes["target"] == 0


def test_a_large_base_set_leaves_something_for_everybody() -> None:
    splits = drawn(70_000, False, np.arange(60_000, dtype=np.int32))
    assert [len(part) for part in parts(splits)] == [100, 7_067, 833, 2_000]
    # In its image, as far as the adversary's samples go.
    assert splits.base_sizes["shadow"] == 3_533


def test_a_base_set_of_a_run_leaves_what_that_run_gave_to_everybody() -> None:
    plain = split(presets.experiment("li"), 1797)
    old = plain.for_base("target", 0).base
    again = drawn(1797, False, old, samples=len(plain.target))
    np.testing.assert_array_equal(again.probes, plain.probes)
    np.testing.assert_array_equal(again.target, plain.for_base("target", 0).pool)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"samples": 100}, "--samples above the 100 samples that --base_model was trained on"),
        ({"base_size": 50}, "--base_size=100.*Received 50. Leave --base_size out"),
        ({"samples": 500}, "at most the 200 samples there are that no base model has seen"),
        ({"validation_samples": 300}, "no base model has seen"),
    ],
)
def test_sizes_that_do_not_fit(flags: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        drawn(300, True, np.arange(100, dtype=np.int32), **flags)


def test_an_old_sample_in_a_pool_is_a_mistake_of_the_program() -> None:
    a, b, c, d = np.split(np.arange(20, dtype=np.int32), 4)
    with pytest.raises(AssertionError, match="was trained on is in a pool"):
        Splits(a, b, c, d, {}, 0, old={"owner": d[:1]})


def test_roles_of_an_insider_unlearn_samples_of_their_own() -> None:
    old = np.arange(100, dtype=np.int32)
    one, other = (drawn(400, insider, old) for insider in (False, True))
    parts_of = [other.for_base(role, 0).removable for role in ROLES]
    np.testing.assert_array_equal(np.sort(np.concatenate(parts_of)), old)
    assert [len(part) for part in parts_of] == [70, 10, 20]
    np.testing.assert_array_equal(one.for_base("target", 0).removable, parts_of[2])
    # Where a base model is trained here, all of its own may be removed.
    mine = one.for_base("shadow", 0)
    np.testing.assert_array_equal(mine.removable, mine.base)


@pytest.mark.parametrize(
    "flags", [{"old_samples": 5}, {"update_method": "retraining"}, {"update_method": UNLEARNING}]
)
def test_updates_that_read_old_samples_need_to_know_them(flags: dict[str, Any]) -> None:
    experiment = presets.experiment("li", base_model="m.keras", **flags)
    with pytest.raises(UserError, match="--base_samples, what --base_model was trained on"):
        check_set_sizes(split(experiment, 400, None, {"owner": None}), experiment)
    known = split(experiment, 400, None, {"owner": np.arange(100, dtype=np.int32)})
    check_set_sizes(known, experiment)
