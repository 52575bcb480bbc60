"""The randomness of one update: states of Keras' seed generators from the update's own seed."""

import keras
import numpy as np
import tensorflow as tf


def is_seed(variable: keras.Variable) -> bool:
    """Whether a variable is the state of a seed generator, such as that of dropout."""
    return "seed_generator_state" in variable.path


def seed_state(seed: tf.Tensor, position: int, dtype: str) -> tf.Tensor:
    """A generator's state before the first draw, another one for each layer.

    Args:
        seed: int32 [..., 2], the update's.
        position: of the generator among the model's non-trainable variables.
        dtype: of the generator's state.
    """
    second = tf.bitwise.bitwise_xor(seed[..., 1], position * 0x9E3779B)
    own = tf.stack([seed[..., 0], second], -1)
    return tf.cast(tf.bitcast(own, tf.uint32), dtype)


def dropout_seed(state: tf.Tensor, number: int) -> tf.Tensor:
    """The seed, int32 [..., 2], that Keras draws from a generator the `number`-th time, from 0.

    Keras hands out the state and adds one to its second half; it folds the state into int32
    before TensorFlow's stateless functions see it.
    """
    moved = state + tf.constant([0, number], state.dtype)
    return tf.cast(tf.math.floormod(moved, np.iinfo(np.int32).max - 1), tf.int32)


def epoch_order(seed: tf.Tensor, epoch: int, size: int) -> tf.Tensor:
    """The order, int32 [size], in which an epoch goes through the updating set.

    Args:
        seed: int32 [2], the update's.
        epoch: from 0; the first keeps the plan's order, which is random already.
        size: samples in the updating set.
    """
    order = tf.range(size)
    if epoch == 0:
        return order
    return tf.random.experimental.stateless_shuffle(order, tf.stack([seed[0], seed[1] + epoch]))
