"""Seeds of one update: states of Keras' seed generators, derived from the update's seed."""

import keras
import numpy as np
import tensorflow as tf


def is_seed(variable: keras.Variable) -> bool:
    """Return True if a variable is the state of a seed generator, such as that of dropout."""
    return "seed_generator_state" in variable.path


def seed_state(seed: tf.Tensor, position: int, dtype: str) -> tf.Tensor:
    """Compute a generator's state before its first draw; it differs from layer to layer.

    Args:
        seed: seed of the update, int32 [..., 2].
        position: position of the generator among the model's non-trainable variables.
        dtype: type of the generator's state.
    """
    second = tf.bitwise.bitwise_xor(seed[..., 1], position * 0x9E3779B)
    state = tf.stack([seed[..., 0], second], -1)
    return tf.cast(tf.bitcast(state, tf.uint32), dtype)


def dropout_seed(state: tf.Tensor, number: int) -> tf.Tensor:
    """Compute the seed of a generator's draw `number` (from 0) as Keras does, int32 [..., 2].

    Keras returns the state and adds one to its second half; before it passes the state to
    TensorFlow's stateless functions, it reduces it to int32.
    """
    moved = state + tf.constant([0, number], state.dtype)
    return tf.cast(tf.math.floormod(moved, np.iinfo(np.int32).max - 1), tf.int32)


def sample_seed(seed: tf.Tensor, place: tf.Tensor | int) -> tf.Tensor:
    """Compute the seed of one sample, where each has a gradient of its own.

    Args:
        seed: seed of the update, int32 [..., 2].
        place: position of the sample in its batch, int32, of a shape that broadcasts with seeds.
    """
    first = tf.bitwise.bitwise_xor(seed[..., 0], tf.cast(place, tf.int32) * 0x85EBCA6)
    return tf.stack([first, tf.broadcast_to(seed[..., 1], first.shape)], -1)


def epoch_order(seed: tf.Tensor, epoch: int, size: int) -> tf.Tensor:
    """Compute the order of the updating set's samples in an epoch, int32 [size].

    Args:
        seed: seed of the update, int32 [2].
        epoch: number of the epoch; epoch 0 keeps the plan's order, which is random already.
        size: samples in the updating set.
    """
    order = tf.range(size)
    if epoch == 0:
        return order
    return tf.random.experimental.stateless_shuffle(order, tf.stack([seed[0], seed[1] + epoch]))
