"""Rounding on sure base models, live: finer answers leak no less, and training for it pays."""

from pathlib import Path
from typing import Any

import pytest

from ulk_tf.corpus.build import Corpus, build_corpora
from ulk_tf.data.datasets import load
from ulk_tf.settings import presets
from ulk_tf.settings.experiment import Experiment
from ulk_tf.sweeping.measuring import score, train

# Base models of digits that are trained for long are sure enough to feel a rounding.
SURE: dict[str, Any] = {
    "base_epochs": 80,
    "training_bases": 4,
    "training_updates": 600,
    "validation_updates": 150,
    "target_bases": 3,
    "target_updates": 200,
    "epochs": 8,
    "hidden": 128,
    "executor": "inline",
}


@pytest.mark.slow
def test_rounding_hides_less_from_who_trains_for_it(tmp_path: Path) -> None:
    data = load("digits", None, tmp_path)

    def made(**flags: Any) -> tuple[Experiment, list[Corpus]]:
        one = presets.experiment("li", runs_dir=str(tmp_path), **SURE, **flags)
        return one, build_corpora(one, data)

    def accuracy(corpora: list[Corpus], trained: Any) -> dict[str, float]:
        found: dict[str, float] = score(experiment, corpora, trained)["metrics"]["accuracy"]
        return found

    experiment, exact = made()
    unknowing = train(experiment, exact, 0, tmp_path)
    plain = finer = accuracy(exact, unknowing)
    for text in ("round:4", "round:2"):
        adaptive, corpora = made(defence=text)
        own = accuracy(corpora, train(adaptive, corpora, 0, tmp_path))
        naive = accuracy(made(defence=text, shadow_defence=None)[1], unknowing)
        assert finer["high"] >= own["low"] and own["high"] >= naive["low"]
        # Rounding is felt here, and she who trains for it reads most of what the naive one loses.
        assert plain["mean"] - 0.15 > own["mean"] > naive["mean"] + 0.15
        finer = own
