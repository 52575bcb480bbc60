"""Presets beside a base model from a file: there is one, and more of its updates."""

import dataclasses
from typing import Any

import pytest

from ulk_tf.errors import UserError
from ulk_tf.settings import presets

FILE = {"base_model": "m.keras"}
BOTH = FILE | {"shadow_base_model": "m.keras"}


@pytest.mark.parametrize(
    ("preset", "dataset", "counts"),
    [
        ("default", "mnist", (1, 10_000, 1, 1_000, 1, 2_000)),
        ("default", "own.npz", (1, 10_000, 1, 1_000, 1, 2_000)),
        ("quick", "digits", (1, 1_000, 1, 100, 1, 200)),
        ("paper", "mnist", (1, 10_000, 1, 1_000, 1, 1_000)),
    ],
)
def test_an_insider_learns_from_many_updates_of_one(
    preset: Any, dataset: str, counts: tuple[int, ...]
) -> None:
    found = presets.experiment("li", preset, dataset=dataset, **BOTH).counts
    names = ("training_bases", "training_updates", "validation_bases", "validation_updates")
    names += ("target_bases", "target_updates")
    assert tuple(getattr(found, name) for name in names) == counts


def test_an_outsider_trains_her_own() -> None:
    one = presets.experiment("li", dataset="mnist", base_samples="s.npy", **FILE)
    assert (one.counts.training_bases, one.counts.target_bases) == (32, 1)
    assert one.owner.model.base_model == "m.keras"
    assert one.adversary.model.base_model is None


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (FILE | {"target_bases": 3}, "--target_bases=1 with --base_model.*Received 3. Leave"),
        (BOTH | {"training_bases": 2}, "--training_bases=1 with --shadow_base_model"),
        (BOTH | {"validation_bases": 2}, "--validation_bases=1 with --shadow_base_model"),
        ({"base_samples": "s.npy"}, "--base_model beside --base_samples"),
        (FILE | {"shadow_base_samples": "s.npy"}, "--shadow_base_model beside"),
    ],
)
def test_flags_that_do_not_fit_together(flags: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        presets.experiment("li", **flags)


@pytest.mark.parametrize("flags", [FILE, BOTH, BOTH | {"target_updates": 50, "epochs": 3}])
def test_flags_are_read_back(flags: dict[str, Any]) -> None:
    config = dataclasses.asdict(presets.experiment("lde", dataset="mnist", **flags))
    assert presets.flags_of(config) == {"dataset": "mnist"} | flags


def test_a_pair_differs_in_the_adversary_alone() -> None:
    one, other = presets.outsider_and_insider("li", dataset="mnist", training_bases=4, **FILE)
    assert one.owner == other.owner and one.seed == other.seed
    assert (one.counts.training_bases, other.counts.training_bases) == (4, 1)
    assert one.counts.target_updates == other.counts.target_updates == 2_000
    assert other.adversary.model.base_model == "m.keras"
    with pytest.raises(UserError, match=r"--base_model=model\.keras"):
        presets.outsider_and_insider("li")
    with pytest.raises(UserError, match="no --shadow_base_model"):
        presets.outsider_and_insider("li", **BOTH)
