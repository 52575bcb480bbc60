"""Measuring: train an attack under one setting, and score it, without report and export."""

import time
from pathlib import Path
from typing import Any

import keras

from ulk_tf.attacks.devices import plain_keras
from ulk_tf.attacks.signature import Trained
from ulk_tf.corpus.build import Corpus, build_corpus
from ulk_tf.evaluation.scores import Scores
from ulk_tf.preflight import Loaded
from ulk_tf.settings.attack_table import attack_row, imported
from ulk_tf.settings.experiment import Experiment


def train(experiment: Experiment, corpus: Corpus, seed: int, folder: Path) -> Trained:
    """Train the attack of an experiment.

    Args:
        experiment: all settings.
        corpus: its corpus.
        seed: seed of the training.
        folder: folder of the training's state, from which it goes on after a kill.
    """
    keras.utils.set_random_seed(seed)
    row = attack_row(experiment.attack_name)
    with plain_keras():
        trained: Trained = imported(row.train)(experiment.attack, corpus, seed, folder)
    return trained


def score(experiment: Experiment, corpus: Corpus, trained: Trained) -> dict[str, Any]:
    """Score a trained attack on the target updates of a corpus.

    Returns:
        `metrics`, `baselines` and `gains` as results.json has them.
    """
    row = attack_row(experiment.attack_name)
    with plain_keras():
        scores: Scores = imported(row.score)(trained, corpus, experiment.seed, None)
    groups = {"metrics": scores.metrics, "baselines": scores.baselines, "gains": scores.gains}
    return {
        name: {key: one.as_json() for key, one in estimates.items()}
        for name, estimates in groups.items()
    }


def measure(experiment: Experiment, loaded: Loaded, folder: Path, seed: int) -> dict[str, Any]:
    """Build the corpus of an experiment, train its attack and score it.

    Args:
        experiment: all settings.
        loaded: its data.
        folder: folder of the training's state.
        seed: seed of the training.

    Returns:
        As `score`, with `seconds`.
    """
    start = time.monotonic()
    corpus = build_corpus(experiment, loaded.dataset, loaded.shadow_dataset)
    found = score(experiment, corpus, train(experiment, corpus, seed, folder))
    return found | {"seconds": round(time.monotonic() - start, 1)}
