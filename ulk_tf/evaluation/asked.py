"""Questions to a trained attack about target updates, and the way all attacks are scored."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ulk_tf.attacks.adversary import adversary_data
from ulk_tf.attacks.signature import Trained
from ulk_tf.corpus.build import Corpus, Updates
from ulk_tf.data.datasets import Dataset
from ulk_tf.evaluation.baselines_table import BaselineRow, baselines_of
from ulk_tf.evaluation.metrics_table import metrics_of
from ulk_tf.evaluation.predictions import predictions
from ulk_tf.evaluation.scores import Scores
from ulk_tf.files import Array
from ulk_tf.settings.attack_table import imported

# SSIM needs a window; images with a smaller side have none.
SMALLEST_SIDE = 3


@dataclass(frozen=True)
class Asked:
    """A trained attack and what it is asked: all that a baseline may use.

    Attributes:
        trained: the attack, with what its baselines need beside it.
        corpus: its target updates are asked about.
        seed: of all chance.
        output: name of the answer that is judged.
    """

    trained: Trained
    corpus: Corpus
    seed: int
    output: str

    @property
    def updates(self) -> Updates:
        """The updates that are asked about."""
        return self.corpus.updates["target"]

    @property
    def dataset(self) -> Dataset:
        """The samples to which the updates' indices point."""
        return self.corpus.dataset

    @property
    def shadow_dataset(self) -> Dataset:
        """The adversary's samples, with the classes of the target."""
        return adversary_data(self.corpus)

    @cached_property
    def prior(self) -> Array:
        """The class prior that a guess may know, float32 [classes].

        It is that of the adversary's samples; where the owner's updating sets follow another, it
        is that one, whether she knows of it or not.
        """
        if self.corpus.prior is not None:
            return self.corpus.prior.astype(np.float32)
        labels = self.shadow_dataset.labels[self.corpus.splits.shadow]
        classes = self.shadow_dataset.classes
        return np.bincount(labels, minlength=classes).astype(np.float32) / len(labels)

    def answers(self) -> dict[str, Array]:
        """The attack's own answers to all updates, by output name."""
        return predictions(self.trained.attack, self.updates, np.arange(len(self.updates)))


def score_output(
    asked: Asked, truth: Array, baselines: Sequence[BaselineRow] | None = None
) -> tuple[Scores, dict[str, Array]]:
    """Score an attack of one answer for each update, by every metric and beside every baseline.

    Args:
        asked: the attack and the updates.
        truth: the right answers, [updates, ...].
        baselines: to be compared with; all that answer the same output when None.

    Returns:
        The scores, and the answers of the attack (named `attack`) and of each baseline.
    """
    rows = baselines_of(asked.output) if baselines is None else baselines
    answers = {"attack": asked.answers()[asked.output]}
    for row in rows:
        answers[row.name] = np.asarray(imported(row.answers[asked.output])(asked))
    dataset = asked.dataset
    drawable = dataset.is_image and min(dataset.sample_shape[:2]) >= SMALLEST_SIDE
    scores = Scores.of(asked.updates)
    for metric in metrics_of(asked.output):
        if drawable or not metric.images:
            values = imported(metric.values)
            found = {name: values(truth, answer) for name, answer in answers.items()}
            scores.metric(metric.name, found.pop("attack"), found)
    return scores, answers
