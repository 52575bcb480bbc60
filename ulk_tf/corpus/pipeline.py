"""tf.data pipelines: posteriors before and after, and what the attack must predict."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from ulk_tf.corpus.build import Corpus, Updates
from ulk_tf.data.datasets import Dataset
from ulk_tf.files import Array

Truth = Callable[[tf.Tensor], tf.Tensor]
Pair = dict[str, tf.Tensor]


@dataclass(frozen=True)
class Learning:
    """Batches that an attack learns from, and those that stop its training.

    Attributes:
        steps: batches in one pass over the shadow side.
        shadow: batches that were taken before -> those that follow, for ever; the order of each
            pass follows from the seed and the number of the pass.
        validation: updates of held-out shadow bases, once, in the plan's order.
    """

    steps: int
    shadow: Callable[[int], tf.data.Dataset]
    validation: tf.data.Dataset


def learning_batches(
    corpus: Corpus,
    truth: Callable[[Updates], Truth],
    batch: int,
    seed: int,
    drop_remainder: bool = False,
) -> Learning:
    """Pairs of ({"before", "after"}, truth) for the training of an attack, batch by batch.

    Args:
        corpus: its shadow and validation sides are used.
        truth: the updates of a side -> rows int32 [batch] -> what is to be predicted.
        batch: updates in a batch.
        seed: of the shadow side's order.
        drop_remainder: leave out a last, smaller batch.
    """
    shadow, validation = corpus.updates["shadow"], corpus.updates["validation"]
    own, held_out = truth(shadow), truth(validation)
    # Of a side that is smaller than a batch nothing would be left.
    most, kept = (min(batch, len(side)) for side in (shadow, validation))
    return Learning(
        steps=len(shadow) // most if drop_remainder else math.ceil(len(shadow) / most),
        shadow=lambda taken: shuffled(shadow, own, most, seed, drop_remainder, taken),
        validation=in_order(validation, held_out, kept, drop_remainder),
    )


def shuffled(
    updates: Updates,
    truth: Truth,
    batch: int,
    seed: int,
    drop_remainder: bool = False,
    taken: int = 0,
) -> tf.data.Dataset:
    """Pass after pass over the updates, for ever; see `learning_batches` and `passes`.

    Args:
        updates: of one side.
        truth: rows int32 [batch] -> what is to be predicted, [batch, ...].
        batch: updates in a batch.
        seed: of the orders.
        drop_remainder: leave out each pass' last, smaller batch.
        taken: batches that were taken before.
    """
    rows = passes(len(updates), batch, seed, drop_remainder).skip(taken)
    return rows.map(_gathering(updates, truth)).prefetch(2)


def in_order(
    updates: Updates, truth: Truth, batch: int, drop_remainder: bool = False
) -> tf.data.Dataset:
    """The updates once, in the order of the plan; arguments as those of `shuffled`."""
    rows = tf.data.Dataset.range(len(updates), output_type=tf.int32)
    return rows.batch(batch, drop_remainder).map(_gathering(updates, truth)).prefetch(2)


def passes(count: int, batch: int, seed: int, drop_remainder: bool = False) -> tf.data.Dataset:
    """Batches of row numbers int32 [batch], pass after pass in another order, for ever.

    Args:
        count: how many rows there are.
        batch: rows in a batch.
        seed: of the orders.
        drop_remainder: leave out each pass' last, smaller batch.
    """

    def one(number: tf.Tensor) -> tf.data.Dataset:
        order = tf.random.experimental.stateless_shuffle(tf.range(count), tf.stack([seed, number]))
        return tf.data.Dataset.from_tensor_slices(order).batch(batch, drop_remainder)

    return tf.data.Dataset.range(np.iinfo(np.int32).max, output_type=tf.int32).flat_map(one)


def _gathering(updates: Updates, truth: Truth) -> Callable[[tf.Tensor], tuple[Pair, tf.Tensor]]:
    """Rows of a side -> posteriors before and after, and the truth."""
    look, before = tf.constant(updates.look), tf.constant(updates.before)
    # On the host: gathering a batch from it costs less than a copy of the whole.
    after = tf.constant(updates.after)

    def gather(chosen: tf.Tensor) -> tuple[Pair, tf.Tensor]:
        pair = {
            "before": tf.gather(before, tf.gather(look, chosen)),
            "after": tf.gather(after, chosen),
        }
        return pair, truth(chosen)

    return gather


def single_labels(dataset: Dataset, updates: Updates) -> Array:
    """The label of each single-sample update, int32 [updates]."""
    return dataset.labels[updates.indices[:, 0]]


def label_distributions(dataset: Dataset, updates: Updates) -> Array:
    """The label distribution of each updating set, float32 [updates, classes]."""
    return label_shares(dataset, updates.indices)


def label_shares(dataset: Dataset, indices: Array) -> Array:
    """The label distribution of each row of samples, float32 [rows, classes].

    Args:
        dataset: samples and labels.
        indices: int32 [rows, samples].
    """
    one_hot = np.eye(dataset.classes, dtype=np.float32)
    return np.stack([one_hot[row].mean(0) for row in dataset.labels[indices]])


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
