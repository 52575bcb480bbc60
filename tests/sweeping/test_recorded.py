"""Recorded sweeps: a finer answer never leaks less, and who trains for a defence is never worse."""

from itertools import pairwise

import pytest

from reproduction import quality
from reproduction.sweeps import recorded
from ulk_tf.sweeping.choice import settings_for
from ulk_tf.sweeping.results import Row, Sweep
from ulk_tf.sweeping.settings import DEFENCES, SIZES

RECORDS, KNOWLEDGE = recorded("defences"), recorded("adversaries")
LADDERS = (
    ("plain", "round:6", "round:4", "round:3", "round:2"),
    ("plain", "top_k:5", "top_k:3", "top_k:1", "label"),
    ("plain", "noise:0.0001", "noise:0.001", "noise:0.01"),
)
# Share of the plain gain that a finer answer may leak less, by the chance of one training.
BY_CHANCE = 0.035

# Data whose targets have no dropout layers.
WITHOUT_DROPOUT = {"cifar10"}
NAMES = ["-".join(filter(None, key)) for key in RECORDS]

every_record = pytest.mark.parametrize("found", RECORDS.values(), ids=NAMES)


def rows(found: Sweep) -> dict[str, Row]:
    return {row.setting.name: row for row in (found.plain, *found.rows)}


def test_records_are_there() -> None:
    assert {(data, attack, "") for data in ("mnist", "cifar10") for attack in SIZES} <= set(RECORDS)


@pytest.mark.parametrize("key", RECORDS, ids=NAMES)
def test_every_setting_was_measured_on_enough_updates(key: tuple[str, str, str]) -> None:
    dataset, found = key[0], RECORDS[key]
    sizes = SIZES[found.attack]
    asked = sizes["target_bases"] * sizes["target_updates"]
    assert asked >= 1500 or found.attack == "msr"
    measured = rows(found)
    for setting in settings_for(found.attack, DEFENCES):
        if "target_dropout" in setting.flags and dataset in WITHOUT_DROPOUT:
            assert setting.name not in measured
            continue
        row = measured[setting.name]
        assert row.naive is not None and row.utility["accuracy"]["n"] > 0
        for entry in (row.adaptive, row.naive):
            assert found.score(entry)["n"] >= asked


@every_record
def test_the_plain_attack_was_trained_at_three_seeds(found: Sweep) -> None:
    assert len(found.spread) == 3


@every_record
@pytest.mark.parametrize("ladder", LADDERS, ids=lambda ladder: ladder[1])
def test_a_finer_answer_never_leaks_less_beyond_its_interval(
    found: Sweep, ladder: tuple[str, ...]
) -> None:
    measured = rows(found)
    gains = [found.gain(measured[name].adaptive) for name in ladder if name in measured]
    whole = found.gain(found.plain.adaptive)["mean"]
    for finer, coarser in pairwise(gains):
        assert finer["high"] >= coarser["low"]
        assert finer["mean"] > coarser["mean"] - BY_CHANCE * whole


@every_record
def test_who_trains_for_a_defence_is_never_worse_than_who_does_not_know_of_it(found: Sweep) -> None:
    for row in found.rows:
        assert row.naive is not None
        assert found.gain(row.adaptive)["high"] >= found.gain(row.naive)["low"]


# Accuracy of A_LI on MNIST that attacks which know the form of the answers must reach. Of two
# decimals 0.40 was aimed at, and is within the interval.
AIMS = {"round:6": 0.88, "round:4": 0.70, "round:3": 0.55, "round:2": 0.36, "top_k:3": 0.91}
# One attack model of four epochs reads a little less than two of eight.
OF_A_SWEEP = 0.01


@pytest.mark.parametrize("name", AIMS)
def test_coarse_answers_are_read_as_well_as_they_can_be(name: str) -> None:
    found = RECORDS["mnist", "li", ""]
    assert found.score(rows(found)[name].adaptive)["mean"] >= AIMS[name] - OF_A_SWEEP
    (as_by_default,) = (
        one["metrics"]["accuracy"]
        for one in quality.recorded()
        if one["config"]["owner"]["defence"]["defence"] == name
    )
    assert as_by_default["mean"] >= AIMS[name] and as_by_default["n"] >= 1500
    assert name != "round:2" or as_by_default["high"] >= 0.40


def test_labels_alone_tell_more_of_a_distribution_than_the_prior() -> None:
    found = RECORDS["cifar10", "lde", ""]
    assert found.gain(rows(found)["label"].adaptive, over="prior")["low"] > 0


def test_records_of_adversaries_are_there() -> None:
    assert {(data, attack, "") for data in ("mnist", "cifar10") for attack in SIZES} <= set(
        KNOWLEDGE
    )


@pytest.mark.parametrize(
    "found", KNOWLEDGE.values(), ids=["-".join(filter(None, key)) for key in KNOWLEDGE]
)
def test_who_knows_less_never_gains_more_beyond_the_interval(found: Sweep) -> None:
    plain = found.gain(found.plain.adaptive)
    stronger = ("1000 probes", "36000 queries", "chosen probes", "insider")
    for row in found.rows:
        sizes = SIZES[found.attack]
        asked = sizes["target_bases"] * sizes["target_updates"]
        assert found.score(row.adaptive)["n"] >= asked >= (300 if found.attack == "msr" else 1500)
        if row.setting.name not in stronger:
            assert found.gain(row.adaptive)["low"] <= plain["high"], row.setting.name
