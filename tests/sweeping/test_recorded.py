"""Recorded sweeps: a finer answer never leaks less, and who trains for a defence is never worse."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ulk_tf.sweeping.settings import DEFENCES, settings_for

HOME = Path(__file__).parents[2] / "reproduction" / "results" / "sweeps"
ENTRIES: dict[str, Any] = json.loads((HOME / "defences_mnist_li.json").read_text())["entries"]
LADDERS = (
    ("plain", "round:6", "round:4", "round:3", "round:2"),
    ("plain", "top_k:5", "top_k:3", "top_k:1"),
    ("plain", "noise:0.0001", "noise:0.001", "noise:0.01"),
)


def accuracy(name: str) -> dict[str, float]:
    found: dict[str, float] = ENTRIES[name]["metrics"]["accuracy"]
    return found


def test_every_setting_was_measured_on_enough_updates() -> None:
    for setting in settings_for("li", DEFENCES):
        for name in (setting.name, f"{setting.name}, naive"):
            assert accuracy(name)["n"] >= 1500
        assert ENTRIES[f"{setting.name}, utility"]["accuracy"]["n"] > 0


@pytest.mark.parametrize("ladder", LADDERS, ids=lambda ladder: ladder[1])
def test_a_finer_answer_never_leaks_less_beyond_its_interval(ladder: tuple[str, ...]) -> None:
    for finer, coarser in pairwise(ladder):
        assert accuracy(finer)["high"] >= accuracy(coarser)["low"]
        assert accuracy(finer)["mean"] > accuracy(coarser)["mean"] - 0.03


def test_who_trains_for_a_defence_is_never_worse_than_who_does_not_know_of_it() -> None:
    for setting in settings_for("li", DEFENCES):
        assert accuracy(setting.name)["high"] >= accuracy(f"{setting.name}, naive")["low"]
