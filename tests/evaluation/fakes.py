"""A corpus of made-up posteriors and an attack that was never trained: no model, no training."""

import numpy as np
import tensorflow as tf

from ulk_tf.attacks.signature import Trained, TrainedAttack, pair_specs
from ulk_tf.corpus.build import Corpus, Updates
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import Splits

PROBES, CLASSES, SAMPLES = 5, 3, 90


def dataset() -> Dataset:
    """Images of 4 x 4 whose brightness says their label."""
    labels = (np.arange(SAMPLES) % CLASSES).astype(np.int32)
    noise = np.random.default_rng(0).integers(0, 40, (SAMPLES, 4, 4, 1))
    return Dataset(
        "fake", (labels[:, None, None, None] * 90 + noise).astype(np.uint8), labels, tuple("abc")
    )


def corpus(told: float = 1.0, updates: int = 40, set_size: int = 1) -> Corpus:
    """Three roles with two base models each.

    Args:
        told: how far an update moves the posterior of its set's labels, 0 for not at all.
        updates: of each role.
        set_size: samples in an updating set.
    """
    data, rng = dataset(), np.random.default_rng(1)
    parts = np.split(np.arange(SAMPLES, dtype=np.int32), [PROBES, 35, 60])
    splits = Splits(
        parts[0],
        parts[1],
        parts[2],
        parts[3],
        dict.fromkeys(("shadow", "validation", "target"), 10),
        0,
    )
    made = {}
    for role, pool in (("shadow", parts[1]), ("validation", parts[2]), ("target", parts[3])):
        indices = np.stack([rng.choice(pool, set_size, replace=False) for _ in range(updates)])
        before = rng.dirichlet(np.ones(CLASSES), (2, PROBES)).astype(np.float32)
        base = (np.arange(updates) % 2).astype(np.int32)
        shares = np.stack([np.bincount(data.labels[row], minlength=CLASSES) for row in indices])
        steps = told * rng.uniform(0.1, 0.4, (updates, 1, 1)) * shares[:, None] / set_size
        after = before[base] + steps + 1e-3 * rng.random((updates, PROBES, CLASSES))
        after = (after / after.sum(-1, keepdims=True)).astype(np.float32)
        made[role] = Updates(base, before, after, indices.astype(np.int32))
    return Corpus("fake", data, data, splits, data.samples[splits.probes], {}, made)


def label_attack(name: str = "li", output: str = "label_probabilities") -> Trained:
    """Names the label whose posterior grew most."""

    def grown(before: tf.Tensor, after: tf.Tensor) -> dict[str, tf.Tensor]:
        return {output: tf.nn.softmax(40.0 * tf.reduce_mean(after - before, 1), -1)}

    return Trained(TrainedAttack.of(name, grown, pair_specs(PROBES, CLASSES)), {"loss": [1.0]})
