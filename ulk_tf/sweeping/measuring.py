"""Measuring: train an attack under one setting, and score it, without report and export."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from ulk_tf import attacking
from ulk_tf.attacks.devices import plain_keras
from ulk_tf.attacks.signature import Trained
from ulk_tf.corpus.build import Corpus, build_corpora
from ulk_tf.preflight import Loaded
from ulk_tf.settings.experiment import Experiment


def train(
    experiment: Experiment, corpora: Sequence[Corpus], seed: int, folder: Path
) -> list[Trained]:
    """Train the attack of an experiment.

    Args:
        experiment: all settings.
        corpora: its corpora.
        seed: seed of the training.
        folder: folder of the training's state, from which it goes on after a kill.
    """
    keras.utils.set_random_seed(seed)
    with plain_keras():
        return attacking.train(experiment, corpora, seed, folder)


def score(
    experiment: Experiment, corpora: Sequence[Corpus], trained: Sequence[Trained]
) -> dict[str, Any]:
    """Score trained attacks on the target updates of their corpora.

    Returns:
        `metrics`, `baselines` and `gains` as results.json has them.
    """
    with plain_keras():
        scores = attacking.score(experiment, corpora, trained)
    groups = {"metrics": scores.metrics, "baselines": scores.baselines, "gains": scores.gains}
    return {
        name: {key: one.as_json() for key, one in estimates.items()}
        for name, estimates in groups.items()
    }


def measure(experiment: Experiment, loaded: Loaded, folder: Path, seed: int) -> dict[str, Any]:
    """Build the corpora of an experiment, train its attack and score it.

    Args:
        experiment: all settings.
        loaded: its data.
        folder: folder of the training's state.
        seed: seed of the training.

    Returns:
        As `score`, with `seconds`.
    """
    start = time.monotonic()
    corpora = build_corpora(experiment, loaded.dataset, loaded.shadow_dataset)
    found = score(experiment, corpora, train(experiment, corpora, seed, folder))
    return found | {"seconds": round(time.monotonic() - start, 1)}
