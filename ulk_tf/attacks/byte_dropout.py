"""Dropout from random bytes: drawing floats takes a sixth of a training step of a label attack."""

import keras
import tensorflow as tf

# Values of a random byte: rates of dropout are multiples of one over it.
BYTE = 256


@keras.saving.register_keras_serializable("ulk_tf")
class ByteDropout(keras.layers.Dropout):
    """Keras' dropout, which draws one random byte for each value instead of four.

    The rate is rounded to a multiple of 1/256, and what is kept is scaled by the rounded one, so
    that the mean stays the same. Arguments are those of Keras, without `noise_shape`.
    """

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Drop values of x [batch, ...] in training; elsewhere answer x."""
        dropped = round(self.rate * BYTE)
        if not training or not dropped:
            return x
        shape = tf.shape(x)
        size = tf.reduce_prod(shape)
        # The state is an int64 where keras.random would fold it into an int32, too.
        seed = tf.cast(self.seed_generator.next() % tf.int32.max, tf.int32)
        words = tf.random.stateless_uniform([(size + 3) // 4], seed, None, None, tf.int32)
        drawn = tf.reshape(tf.bitcast(words, tf.uint8), [-1])[:size]
        kept = tf.cast(tf.reshape(drawn, shape) >= tf.cast(dropped, tf.uint8), x.dtype)
        return x * kept * tf.cast(BYTE / (BYTE - dropped), x.dtype)
