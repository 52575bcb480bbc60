"""The glance at recorded sweeps: its settings exist, and its cells are those of the records."""

from typing import Any

import pytest

from reproduction.glance import AFTER, GLANCES, NOTHING, UNCLEAR, glance
from ulk_tf.settings.attack_table import ATTACKS
from ulk_tf.sweeping.results import result_of
from ulk_tf.sweeping.setting import Setting
from ulk_tf.sweeping.settings import SETTINGS


def entry(mean: float) -> dict[str, Any]:
    gain = {"mean": mean, "low": mean - 0.1, "high": mean + 0.1, "n": 9}
    return {"metrics": {"accuracy": gain}, "gains": {"accuracy:most_frequent_label": gain}}


WIDE = {"mean": 0.2, "low": -0.1, "high": 0.5, "n": 9}


@pytest.mark.parametrize("sweep", GLANCES)
def test_its_settings_are_those_of_the_sweep(sweep: str) -> None:
    assert set(GLANCES[sweep]) <= {one.name for one in SETTINGS[sweep]}


def test_every_attack_has_words_for_what_it_is_after() -> None:
    assert set(AFTER) == set(ATTACKS)


def test_cells_are_shares_or_nothing_or_empty() -> None:
    settings = [Setting(name) for name in ("round:4", "round:2", "label")]
    entries = {"plain": entry(0.8), "round:4": entry(0.4), "round:2": entry(0.05)}
    entries["label"] = entry(0.2) | {"gains": {"accuracy:most_frequent_label": WIDE}}
    measured = result_of("li", settings, entries)
    weak = result_of("li", settings, {"plain": entry(0.05), "round:4": entry(0.04)})
    lines = glance("defences", {("mnist", "li", ""): measured, ("cifar10", "li", ""): weak})
    head, _, four, two, *others = lines.splitlines()
    # An attack that gains nothing has no column.
    assert head == "|  | a label, mnist |"
    assert four == "| rounding to 4 decimals | 50% |"
    assert two == f"| rounding to 2 decimals | {NOTHING} |"
    (labels,) = [line for line in others if line.startswith("| labels alone")]
    assert labels == f"| labels alone | {UNCLEAR} |"
    others.remove(labels)
    assert all(line.endswith("|  |") for line in others)
