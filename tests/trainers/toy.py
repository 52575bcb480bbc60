"""A toy attack that asks about records: how likely was this one among the new samples?

It takes one more input than the others, answers a question for each pair of an update and a
record, and is judged by AUC. All that it needs is here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from ulk_tf.attacks.signature import Trained, TrainedAttack, pair_specs
from ulk_tf.corpus.build import Corpus
from ulk_tf.evaluation.asked import Asked
from ulk_tf.evaluation.baselines_table import BaselineRow, baselines_of
from ulk_tf.evaluation.measures import scored
from ulk_tf.evaluation.predictions import predictions
from ulk_tf.evaluation.scores import Scores
from ulk_tf.files import Array
from ulk_tf.settings.attack_configs import AttackConfig
from ulk_tf.settings.attack_row import AttackPresets, AttackRow
from ulk_tf.settings.attack_table import imported
from ulk_tf.settings.validated import flag

OUTPUT = "membership"


@dataclass(frozen=True)
class ToyConfig(AttackConfig):
    """A_TOY: nearest probe."""

    sharpness: float = flag(4.0, "how much nearer probes count more", 0)


ROW = AttackRow(
    name="toy",
    title="Membership (A_TOY)",
    summary="Tell whether a record was among the samples that a classifier was updated with.",
    infers="which of two records a classifier was updated with",
    config=ToyConfig,
    output=OUTPUT,
    headline="auc",
    train=f"{__name__}:train",
    score=f"{__name__}:score",
    unit="record",
    presets=AttackPresets(plain={"set_size": 1}),
)
BASELINE = BaselineRow(
    "chance", "Chance", "scores at random", answers={OUTPUT: f"{__name__}:chance"}
)


def train(config: ToyConfig, corpus: Corpus, seed: int, folder: Path) -> Trained:
    """Nothing is learned: probes that look like the record should have moved."""
    probes = corpus.probing_set.astype(np.float32).reshape(len(corpus.probing_set), -1) / 255
    held = tf.constant(probes)

    def answer(before: tf.Tensor, after: tf.Tensor, candidate: tf.Tensor) -> dict[str, tf.Tensor]:
        moved = tf.reduce_sum(tf.abs(after - before), -1)
        apart = tf.reduce_mean(tf.square(held[None] - candidate[:, None]), -1)
        near = tf.nn.softmax(-config.sharpness * apart * 10, -1)
        return {OUTPUT: tf.reduce_sum(near * moved, -1) / tf.reduce_sum(moved, -1)}

    specs = pair_specs(*corpus.updates["shadow"].after.shape[1:])
    specs["candidate"] = tf.TensorSpec((None, probes.shape[1]), tf.float32, name="candidate")
    return Trained(TrainedAttack.of("toy", answer, specs), {"loss": [1.0, 0.5]})


def chance(asked: Asked) -> Array:
    """A random score for every question."""
    return np.random.default_rng(asked.seed).random(2 * len(asked.updates))


def score(
    trained: Trained, corpus: Corpus, seed: int, baselines: Sequence[BaselineRow] | None = None
) -> Scores:
    """Two questions about each update: the record it was made with, and one of the next."""
    asked = Asked(trained, corpus, seed, OUTPUT)
    updates = asked.updates
    rows = np.repeat(np.arange(len(updates), dtype=np.int32), 2)
    own = updates.indices[:, 0]
    records = np.stack([own, np.roll(own, 1)], 1).reshape(-1)
    member = (records == own[rows]).astype(np.float64)
    candidates = asked.dataset.scaled(records).reshape(len(records), -1)
    answers = predictions(trained.attack, updates, rows, beside={"candidate": candidates})
    scores = Scores(updates.base[rows], rows)
    others = baselines_of(OUTPUT) if baselines is None else baselines
    beside = {row.name: scored(member, imported(row.answers[OUTPUT])(asked)) for row in others}
    scores.metric("auc", scored(member, answers[OUTPUT]), beside)
    return scores
