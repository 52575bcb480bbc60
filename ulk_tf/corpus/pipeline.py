"""tf.data pipelines: posteriors before and after, and what the attack must predict."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from ulk_tf.corpus.build import Corpus, Updates
from ulk_tf.data.datasets import Dataset
from ulk_tf.files import Array

Truth = Callable[[tf.Tensor], tf.Tensor]


def learning_batches(
    corpus: Corpus,
    truth: Callable[[Updates], Truth],
    batch: int,
    seed: int,
    drop_remainder: bool = False,
) -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """What an attack learns from, shuffled, and what stops its training, in the plan's order.

    Args:
        corpus: its shadow and validation sides are used.
        truth: the updates of a side -> what is to be predicted.
        batch: updates in a batch.
        seed: of the shadow side's order.
        drop_remainder: leave out a last, smaller batch.
    """
    shadow, validation = corpus.updates["shadow"], corpus.updates["validation"]
    return (
        batches(shadow, truth(shadow), batch, seed, drop_remainder),
        batches(validation, truth(validation), batch, None, drop_remainder),
    )


def batches(
    updates: Updates,
    truth: Truth,
    batch: int,
    seed: int | None = None,
    drop_remainder: bool = False,
) -> tf.data.Dataset:
    """Pairs of ({"before", "after"}, truth), batch by batch.

    Args:
        updates: of one side.
        truth: rows int32 [batch] -> what is to be predicted, [batch, ...].
        batch: updates in a batch.
        seed: of the order, another one each epoch; None keeps the order of the plan.
        drop_remainder: leave out a last, smaller batch.
    """
    base, before = tf.constant(updates.base), tf.constant(updates.before)
    # On the host: gathering a batch from it costs less than a copy of the whole.
    after = tf.constant(updates.after)
    rows = tf.data.Dataset.range(len(updates), output_type=tf.int32)
    if seed is not None:
        rows = rows.shuffle(len(updates), seed=seed, reshuffle_each_iteration=True)

    def gather(chosen: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        pair = {
            "before": tf.gather(before, tf.gather(base, chosen)),
            "after": tf.gather(after, chosen),
        }
        return pair, truth(chosen)

    return rows.batch(batch, drop_remainder=drop_remainder).map(gather).prefetch(2)


def single_labels(dataset: Dataset, updates: Updates) -> Array:
    """The label of each single-sample update, int32 [updates]."""
    return dataset.labels[updates.indices[:, 0]]


def label_distributions(dataset: Dataset, updates: Updates) -> Array:
    """The label distribution of each updating set, float32 [updates, classes]."""
    one_hot = np.eye(dataset.classes, dtype=np.float32)
    labels = dataset.labels[updates.indices]
    return np.stack([one_hot[row].mean(0) for row in labels])


def table(values: Array) -> Truth:
    """A truth that looks rows up in an array [updates, ...]."""
    held = tf.constant(values)
    return lambda rows: tf.gather(held, rows)


def updating_sets(dataset: Dataset, updates: Updates) -> Truth:
    """A truth that gives updating sets in [0, 1], float32 [batch, set_size, values of a sample].

    Samples are gathered when they are asked for: all sets at once would not fit in memory.
    """
    low, high = (tf.constant(bound.reshape(-1)) for bound in dataset.bounds)
    samples = tf.constant(dataset.samples.reshape(len(dataset.samples), -1))
    indices = tf.constant(updates.indices)

    def truth(rows: tf.Tensor) -> tf.Tensor:
        raw = tf.cast(tf.gather(samples, tf.gather(indices, rows)), tf.float32)
        return (raw - low) / (high - low)

    return truth
