"""Sweeps that take seconds, and stand-ins for what trains and scores."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.corpus.settings import TINY
from ulk_tf.evaluation.intervals import Estimate
from ulk_tf.settings import cli
from ulk_tf.sweeping import sweep
from ulk_tf.sweeping.command import sweeping
from ulk_tf.sweeping.setting import Setting

FEW = (Setting("round:1", {"defence": "round:1"}), Setting("dp", {"dp_noise_multiplier": 1.0}))
SMALL = {name: value for name, value in TINY.items() if name != "set_size"}


def flags(folder: Path, **more: Any) -> list[str]:
    """The command line of a sweep that takes seconds."""
    given = SMALL | {"training_updates": 20, "runs_dir": folder} | more
    return [f"--{name}={value}" for name, value in given.items() if value is not None]


def run(settings: tuple[Setting, ...], defended: bool, arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as ended:
        cli.run(
            sweeping("defences", settings, "A sweep.", defended=defended),
            ["--attack=li", *arguments],
        )
    return ended.value.code


ENTRY = {
    "metrics": {"accuracy": {"mean": 0.5, "low": 0.4, "high": 0.6, "n": 20}},
    "gains": {"accuracy:most_frequent_label": {"mean": 0.4, "low": 0.3, "high": 0.5, "n": 20}},
}


class Asked(NamedTuple):
    """A question to a stand-in: whose defences, and which seed or undefended service."""

    kind: str
    owner: str | None
    adversary: str | None
    beside: object = None


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """Replace what trains and scores by stand-ins, and name what they were asked for."""
    asked: list[Asked] = []

    def noted(kind: str, answer: Any, beside: Callable[..., object] = lambda *_: None) -> None:
        def call(one: Any, *rest: Any) -> Any:
            sides = one.owner.defence.defence, one.adversary.defence.defence
            asked.append(Asked(kind, *sides, beside(*rest)))
            return answer

        monkeypatch.setattr(sweep, kind, call)

    useful = dict.fromkeys(("accuracy", "calibration_error", "change"), Estimate(0.5, 0.4, 0.6, 9))
    noted("measure", ENTRY, lambda loaded, folder, seed: seed)
    noted("train", "trained", lambda corpora, seed, folder: seed)
    noted("score", ENTRY, lambda corpora, trained: trained)
    noted("build_corpora", None)
    noted("utility", useful, lambda undefended, *_: undefended.owner.defence.defence)
    return asked
