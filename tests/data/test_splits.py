"""Splits: nobody's samples are anybody else's, and sizes that do not fit are refused."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ulk_tf.data.classes import with_known_classes, with_new_classes
from ulk_tf.data.set_sizes import check_set_sizes
from ulk_tf.data.splits import ROLES, Role, Splits, split
from ulk_tf.errors import UserError
from ulk_tf.settings import presets
from ulk_tf.settings.experiment import Experiment

sizes = st.one_of(st.none(), st.integers(1, 400))


def asked(seed: int = 0, **flags: object) -> Experiment:
    return presets.experiment("lde", seed=seed, **({"set_size": 1} | flags))


def drawn(count: int, seed: int = 0, **flags: object) -> Splits:
    return split(asked(seed, **flags), count)


def parts(splits: Splits) -> list[np.ndarray]:
    return [splits.probes, splits.shadow, splits.validation, splits.target]


@given(
    samples=st.integers(1, 1000),
    seed=st.integers(0, 2**31 - 1),
    probes=st.integers(1, 300),
    target=sizes.filter(lambda size: size != 1),
    validation=sizes,
    shadow=sizes.filter(lambda size: size != 1),
    base=sizes,
)
def test_every_split_is_disjoint_or_refused(
    samples: int,
    seed: int,
    probes: int,
    target: int | None,
    validation: int | None,
    shadow: int | None,
    base: int | None,
) -> None:
    try:
        splits = drawn(
            samples,
            seed,
            n_probes=probes,
            samples=target,
            validation_samples=validation,
            shadow_samples=shadow,
            base_size=base,
        )
    except UserError:
        return
    every = np.concatenate(parts(splits))
    assert len(np.unique(every)) == len(every)
    assert every.min() >= 0 and every.max() < samples and every.dtype == np.int32
    assert len(splits.probes) == probes
    for wanted, part in zip((shadow, validation, target), parts(splits)[1:], strict=True):
        assert len(part) == wanted if wanted else len(part) > 0
    if base:
        assert set(splits.base_sizes.values()) == {base}
    for side in ROLES:
        _check_base(splits, side)


def _check_base(splits: Splits, side: Role) -> None:
    """A base model and its updates see their own side only, and never the same sample."""
    own = splits.for_base(side, 1)
    assert splits.base_sizes[side] - len(splits.lent) <= len(own.base) <= splits.base_sizes[side]
    assert len(own.pool) >= splits.pool_size(side) > 0
    assert not set(own.base) & set(own.pool)
    owned = splits.target if side == "target" else splits.shadow
    assert set(own.base) <= set(owned)
    pools = splits.validation if side == "validation" else owned
    assert set(own.pool) <= set(pools)


def test_sizes_that_nobody_gave() -> None:
    digits = drawn(1797)
    assert [len(part) for part in parts(digits)] == [100, 830, 149, 718]
    assert digits.base_sizes["target"] == 359
    mnist = drawn(70_000)
    assert [len(part) for part in parts(mnist)] == [100, 45_900, 4_000, 20_000]
    assert mnist.base_sizes["shadow"] == 10_000


def test_the_seed_decides_who_owns_what() -> None:
    for one, same, other in zip(
        parts(drawn(500, 3)), parts(drawn(500, 3)), parts(drawn(500, 4)), strict=True
    ):
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, other)


def test_samples_are_mixed_before_they_are_dealt() -> None:
    # Data sets come sorted by class or by split; every part must hold some of every tenth.
    for part in parts(drawn(5000)):
        assert len(np.unique(part // 500)) == 10


def test_bases_draw_shares_of_their_own() -> None:
    splits = drawn(1000)
    for side in ROLES:
        shares = [splits.for_base(side, number).base for number in range(3)]
        for one, other in combinations(shares, 2):
            assert not np.array_equal(one, other)
        np.testing.assert_array_equal(shares[1], splits.for_base(side, 1).base)
    # Held-out shadow bases are others than the shadow bases.
    assert not np.array_equal(
        splits.for_base("shadow", 0).base, splits.for_base("validation", 0).base
    )


def test_pools_of_several_bases_cover_their_side() -> None:
    splits = drawn(1000)
    together = np.concatenate([splits.for_base("target", number).pool for number in range(20)])
    assert set(together) == set(splits.target)


def test_overlapping_sides_are_a_mistake_of_the_program() -> None:
    a, b = np.arange(5, dtype=np.int32), np.arange(4, 9, dtype=np.int32)
    with pytest.raises(AssertionError, match="disjoint"):
        Splits(a, a + 100, b, b + 200, {}, 0)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"n_probes": 60}, "at most the 100 samples there are. Received 60 probes, 40 target"),
        ({"samples": 95, "n_probes": 5}, "at most the 100 samples"),
        ({"shadow_samples": 60, "n_probes": 5}, "60 shadow. Lower --n_probes"),
        ({"validation_samples": 60, "n_probes": 5}, "60 validation"),
        ({"base_size": 40, "n_probes": 5}, "--base_size from 1 to below .*target 40.*Received 40"),
        ({"shadow_samples": 10, "n_probes": 5}, "shadow 10.*Received 20"),
    ],
)
def test_sizes_that_do_not_fit(fields: dict[str, int], told: str) -> None:
    with pytest.raises(UserError, match=told):
        drawn(100, **fields)


@pytest.mark.parametrize("field", ["n_probes", "base_size", "samples", "validation_samples"])
@pytest.mark.parametrize("size", [0, -1])
def test_sizes_of_nothing(field: str, size: int) -> None:
    with pytest.raises(UserError, match=f"--{field} to be at least"):
        drawn(100, **{field: size})


@pytest.mark.parametrize(
    ("side", "flag"),
    [
        ("target", "--samples"),
        ("shadow", "--shadow_samples"),
        ("validation", "--validation_samples"),
    ],
)
def test_an_updating_set_fits_into_every_pool(side: Role, flag: str) -> None:
    fields = {"samples": 40, "shadow_samples": 40, "validation_samples": 20, "base_size": 20}
    smaller = fields | {flag.removeprefix("--"): {"validation": 12}.get(side, 32)}
    check_set_sizes(drawn(200, **smaller), asked(set_size=12))
    with pytest.raises(UserError, match=rf"\(12 samples on the {side} side\).*=13.*{flag}"):
        check_set_sizes(drawn(200, **smaller), asked(set_size=13))


def test_the_probing_set_moves_nobody_s_samples() -> None:
    usual = drawn(70_000)
    for probes in (10, 100):
        other = drawn(70_000, n_probes=probes)
        for one, same in zip(parts(usual)[1:], parts(other)[1:], strict=True):
            np.testing.assert_array_equal(one, same)
        assert set(other.probes) <= set(usual.probes)
    large, largest = drawn(70_000, n_probes=300), drawn(70_000, n_probes=1000)
    assert set(usual.probes) < set(large.probes) < set(largest.probes)
    for role in ROLES:
        one, same = large.for_base(role, 3), largest.for_base(role, 3)
        np.testing.assert_array_equal(one.base, same.base)
        # Only what became a probe is gone.
        before = usual.for_base(role, 3)
        assert set(before.base) - set(one.base) <= set(large.lent)
        assert set(one.base) <= set(before.base) and set(one.pool) <= set(before.pool)
    np.testing.assert_array_equal(
        usual.for_base("target", 0).base, large.for_base("target", 0).base
    )


def test_sides_of_different_data_sets() -> None:
    experiment = asked(shadow_dataset="other.npz")
    splits = split(experiment, 1000, 600)
    assert len(splits.shadow) + len(splits.validation) == 600
    assert len(splits.probes) == 100 and len(splits.target) == 400
    assert splits.shadow.max() < 600 and not splits.one_data_set
    same = split(asked(), 1000)
    np.testing.assert_array_equal(splits.target, same.target)
    np.testing.assert_array_equal(splits.probes, same.probes)


def test_an_adversary_who_knows_half_of_the_classes() -> None:
    labels = np.random.default_rng(0).integers(0, 10, 1797).astype(np.int32)
    experiment = asked(shadow_classes="0-2,4,6", shadow_base_size=200)
    plain = split(experiment, 1797)
    splits = with_known_classes(plain, experiment, labels, labels)
    assert set(labels[splits.shadow]) == set(labels[splits.validation]) == {0, 1, 2, 4, 6}
    np.testing.assert_array_equal(splits.target, plain.target)
    with pytest.raises(UserError, match="--shadow_base_size=359"):
        few = asked(shadow_classes="3")
        with_known_classes(split(few, 1797), few, labels, labels)


def test_base_models_that_have_never_seen_a_class() -> None:
    labels = np.random.default_rng(0).integers(0, 10, 1797).astype(np.int32)
    experiment = asked(new_classes="7,9", shadow_new_classes=None)
    plain = split(experiment, 1797)
    splits = with_new_classes(plain, experiment, labels, labels)
    before, after = (one.for_base("target", 1) for one in (plain, splits))
    seen = before.base[~np.isin(labels[before.base], (7, 9))]
    np.testing.assert_array_equal(after.base, seen)
    np.testing.assert_array_equal(after.pool, before.pool)
    assert {7, 9} < set(labels[after.pool])
    # The adversary assumes none; by default she assumes what is so.
    for role in ("shadow", "validation"):
        same = plain.for_base(role, 0), splits.for_base(role, 0)
        np.testing.assert_array_equal(same[0].base, same[1].base)
    both = asked(new_classes="7,9")
    knowing = with_new_classes(split(both, 1797), both, labels, labels)
    assert not {7, 9} & set(labels[knowing.for_base("shadow", 0).base])


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"new_classes": "0-9"}, "--new_classes to name some classes of the data set, not all"),
        ({"new_classes": "12"}, "some classes of the data set"),
        ({"new_classes": "3", "base_model": "m.keras"}, "no --new_classes beside --base_model"),
    ],
)
def test_new_classes_that_cannot_be(flags: dict[str, object], words: str) -> None:
    labels = np.random.default_rng(0).integers(0, 10, 1797).astype(np.int32)
    plain = split(asked(), 1797)
    with pytest.raises(UserError, match=words):
        with_new_classes(plain, asked(**flags), labels, labels)
