"""Pipelines of tf.data: posteriors before and after updates, and the truth to predict."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from ulk_tf.corpus.build import Corpus, Updates
from ulk_tf.data.datasets import Dataset
from ulk_tf.files import Array
from ulk_tf.rows import Rows

Truth = Callable[[tf.Tensor], tf.Tensor]
# Rows int32 [batch] -> what an attack is given of these updates.
Inputs = Callable[[tf.Tensor], Any]


@dataclass(frozen=True)
class Learning:
    """Training and validation batches of an attack.

    Attributes:
        steps: batches in one epoch over the shadow updates.
        shadow: number of batches already taken -> an endless data set of the batches that
            follow; the order of each epoch depends on the seed and the epoch's number.
        validation: updates of held-out shadow bases, once, in the plan's order.
    """

    steps: int
    shadow: Callable[[int], tf.data.Dataset]
    validation: tf.data.Dataset


def pairs(updates: Updates) -> Inputs:
    """Make a function from rows of updates to posteriors, `before` and `after`.

    Rows past the last update are those of its further drawings, one drawing after the other.
    """
    drawings = updates.drawings
    before = stored(*(one.before for one in drawings))
    after = stored(*(one.after for one in drawings))
    starts = np.cumsum([0, *(len(one.before) for one in drawings[:-1])])
    looks = [one.look + start for one, start in zip(drawings, starts, strict=True)]
    look = tf.constant(np.concatenate(looks).astype(np.int32))
    return lambda rows: {"before": before(tf.gather(look, rows)), "after": after(rows)}


def learning_batches(
    corpus: Corpus,
    truth: Callable[[Updates], Truth],
    batch: int,
    seed: int,
    drop_remainder: bool = False,
) -> Learning:
    """Make the batches (inputs, truth) for the training of an attack.

    Args:
        corpus: its shadow and validation updates are used.
        truth: updates -> a function from rows int32 [batch] to the truth [batch, ...].
        batch: updates in a batch.
        seed: seed of the order of the shadow updates.
        drop_remainder: drop a last, smaller batch.
    """
    shadow, validation = corpus.updates["shadow"], corpus.updates["validation"]
    shadow_truth, validation_truth = truth(shadow), truth(validation)
    # With drop_remainder, nothing would be left of fewer updates than a batch.
    most, kept = (min(batch, len(side)) for side in (shadow, validation))
    return Learning(
        steps=len(shadow) // most if drop_remainder else math.ceil(len(shadow) / most),
        shadow=lambda taken: shuffled(shadow, shadow_truth, most, seed, drop_remainder, taken),
        validation=in_order(validation, validation_truth, kept, drop_remainder),
    )


def shuffled(
    updates: Updates,
    truth: Truth,
    batch: int,
    seed: int,
    drop_remainder: bool = False,
    taken: int = 0,
) -> tf.data.Dataset:
    """Make an endless data set of shuffled epochs over updates.

    Args:
        updates: updates of one role.
        truth: rows int32 [batch] -> the truth [batch, ...].
        batch: updates in a batch.
        seed: seed of the orders.
        drop_remainder: drop the last, smaller batch of each epoch.
        taken: batches already taken, which are skipped.
    """
    rows = passes(len(updates), batch, seed, drop_remainder, len(updates.drawings)).skip(taken)
    return rows.map(beside(pairs(updates), truth, len(updates))).prefetch(2)


def in_order(
    updates: Updates,
    truth: Truth,
    batch: int,
    drop_remainder: bool = False,
) -> tf.data.Dataset:
    """Make a data set of updates once, in the order of the plan; arguments as in `shuffled`."""
    rows = tf.data.Dataset.range(len(updates), output_type=tf.int32).batch(batch, drop_remainder)
    return rows.map(beside(pairs(updates), truth, len(updates))).prefetch(2)


def beside(
    inputs: Inputs, truth: Truth, count: int
) -> Callable[[tf.Tensor], tuple[Any, tf.Tensor]]:
    """Make a function from rows of updates to (inputs, truth).

    Args:
        inputs: rows int32 [batch] -> what an attack is given; see `pairs`.
        truth: rows int32 [batch] -> the truth [batch, ...].
        count: updates; all drawings of one have the same truth.
    """
    return lambda rows: (inputs(rows), truth(rows % count))


def passes(
    count: int, batch: int, seed: int, drop_remainder: bool = False, drawings: int = 1
) -> tf.data.Dataset:
    """Make an endless data set of row numbers int32 [batch], in a new order in each epoch.

    Args:
        count: number of rows.
        batch: rows in a batch.
        seed: seed of the orders.
        drop_remainder: drop the last, smaller batch of each epoch.
        drawings: how many times there are these rows, one after the other. An epoch takes each
            row once, of all drawings alike, and the next epoch takes its next drawing.
    """

    def one(number: tf.Tensor) -> tf.data.Dataset:
        order = tf.random.experimental.stateless_shuffle(tf.range(count), tf.stack([seed, number]))
        order += count * ((order + number) % drawings)
        return tf.data.Dataset.from_tensor_slices(order).batch(batch, drop_remainder)

    return tf.data.Dataset.range(np.iinfo(np.int32).max, output_type=tf.int32).flat_map(one)


def single_labels(dataset: Dataset, updates: Updates) -> Array:
    """Return the label of each single-sample update, int32 [updates]."""
    return dataset.labels[updates.indices[:, 0]]


def label_distributions(dataset: Dataset, updates: Updates) -> Array:
    """Return the label distribution of each updating set, float32 [updates, classes]."""
    return label_shares(dataset, updates.indices)


def label_shares(dataset: Dataset, indices: Array) -> Array:
    """Return the label distribution of each row of samples, float32 [rows, classes].

    Args:
        dataset: the data set that `indices` point into.
        indices: int32 [rows, samples].
    """
    one_hot = np.eye(dataset.classes, dtype=np.float32)
    return np.stack([one_hot[row].mean(0) for row in dataset.labels[indices]])


def table(values: Array) -> Truth:
    """Make a truth function that takes rows of an array [updates, ...]."""
    held = tf.constant(values)
    return lambda rows: tf.gather(held, rows)


def stored(*parts: Rows) -> Truth:
    """Make a function that takes rows of large arrays, without a copy of them.

    Args:
        *parts: arrays [n, ...], whose rows are numbered one array after the other.
    """
    first, starts = parts[0], np.cumsum([0, *map(len, parts)])

    def taken(rows: Array) -> Array:
        if len(parts) == 1:
            return first[rows]
        found = np.empty((len(rows), *first.shape[1:]), first.dtype)
        own = np.searchsorted(starts, rows, side="right") - 1
        for number in np.unique(own):
            found[own == number] = parts[number][rows[own == number] - starts[number]]
        return found

    def read(rows: tf.Tensor) -> tf.Tensor:
        found = tf.numpy_function(taken, [rows], first.dtype, stateful=False)
        return tf.ensure_shape(found, (*rows.shape, *first.shape[1:]))

    return read


def updating_sets(dataset: Dataset, updates: Updates) -> Truth:
    """Make a truth function: updating sets in [0, 1], float32 [batch, set_size, values].

    Samples are gathered batch by batch, since all sets at once would not fit into memory.
    """
    low, high = (tf.constant(bound.reshape(-1)) for bound in dataset.bounds)
    samples = tf.constant(dataset.samples.reshape(len(dataset.samples), -1))
    indices = tf.constant(updates.indices)

    def truth(rows: tf.Tensor) -> tf.Tensor:
        raw = tf.cast(tf.gather(samples, tf.gather(indices, rows)), tf.float32)
        return (raw - low) / (high - low)

    return truth
