"""Attacking: the attack of an experiment, trained and scored on each of its corpora."""

from collections.abc import Sequence
from pathlib import Path

from ulk_tf.attacks.signature import Trained
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.build import Corpus
from ulk_tf.evaluation.scores import Scores
from ulk_tf.settings.attack_table import attack_row, imported
from ulk_tf.settings.experiment import Experiment


def train(
    experiment: Experiment, corpora: Sequence[Corpus], seed: int, folder: Path
) -> list[Trained]:
    """Train the attack of an experiment on each of its corpora.

    Args:
        experiment: all settings.
        corpora: those of `build_corpora`.
        seed: seed of every training.
        folder: folder for logs and for the state of the trainings.
    """
    fit = imported(attack_row(experiment.attack_name).train)
    return [
        fit(experiment.attack, corpus, seed, home)
        for corpus, home in zip(corpora, homes(folder, len(corpora)), strict=True)
    ]


def score(experiment: Experiment, corpora: Sequence[Corpus], trained: Sequence[Trained]) -> Scores:
    """Score trained attacks on the target updates of their corpora, and join the scores.

    Args:
        experiment: all settings.
        corpora: those of `build_corpora`.
        trained: the attack as trained on each of them.
    """
    judge = imported(attack_row(experiment.attack_name).score)
    return Scores.joined(
        [
            judge(attack, corpus, experiment.seed, None)
            for attack, corpus in zip(trained, corpora, strict=True)
        ]
    )


def homes(folder: Path, count: int) -> list[Path]:
    """List the folder of each attack: the run's own for one, else one below it for each target.

    Args:
        folder: folder of the run.
        count: number of attacks.
    """
    if count == 1:
        return [folder]
    return [folder / str(BaseId("target", number)) for number in range(count)]
