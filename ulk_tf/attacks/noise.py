"""Noise of BM-GAN's generator: normal noise, or codes of shadow samples."""

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.data.members import members
from ulk_tf.files import Array

# Codes kept of each class: more make the export larger and its answers no better.
CODES_OF_A_CLASS = 1000


class NormalNoise(keras.layers.Layer):
    """Standard normal noise (paper: A_MSR).

    Args:
        width: of the noise.
    """

    def __init__(self, width: int) -> None:
        super().__init__(name="noise", trainable=False)
        self.width = width

    def call(self, seeds: tf.Tensor, samples: int, labels: tf.Tensor | None) -> tf.Tensor:
        """Noise for each of `samples` samples of each set.

        Args:
            seeds: int32 [batch, 2].
            samples: how many for each set.
            labels: one-hot, float32 [batch, samples, classes], or None.

        Returns:
            float32 [batch, samples, width].
        """
        shape = (samples, self.width)
        return tf.map_fn(
            lambda seed: tf.random.stateless_normal(shape, seed),
            seeds,
            fn_output_signature=tf.TensorSpec(shape, tf.float32),
        )


class ShadowCodes(keras.layers.Layer):
    """Codes of random shadow samples, of the label that a generated sample is to have.

    With them, a generator that starts from the autoencoder's decoder makes plausible samples from
    the first step, and only learns what the posterior difference adds.

    Args:
        codes: float32 [n, width], of shadow samples.
        labels: int [n], of the same samples; all 0 to draw from all alike.
        seed: of which are kept.
        classes: labels that may be asked for; those that occur when None.
    """

    def __init__(self, codes: Array, labels: Array, seed: int, classes: int | None = None) -> None:
        super().__init__(name="noise", trainable=False)
        rng = np.random.default_rng([seed, 11])
        table = []
        for own in members(labels, classes or int(labels.max()) + 1):
            kept = np.concatenate([rng.permutation(own), rng.choice(own, CODES_OF_A_CLASS)])
            table.append(codes[kept[:CODES_OF_A_CLASS]])
        self.width = codes.shape[1]
        self.table = self.add_weight(
            name="codes",
            shape=(len(table), CODES_OF_A_CLASS, self.width),
            initializer=lambda _, dtype: tf.constant(np.stack(table), dtype),
            trainable=False,
        )

    def call(self, seeds: tf.Tensor, samples: int, labels: tf.Tensor | None) -> tf.Tensor:
        """Codes for each of `samples` samples of each set; as `NormalNoise.call`."""
        drawn = tf.map_fn(
            lambda seed: tf.random.stateless_uniform(
                (samples,), seed, 0, CODES_OF_A_CLASS, tf.int32
            ),
            seeds,
            fn_output_signature=tf.TensorSpec((samples,), tf.int32),
        )
        label = tf.zeros_like(drawn) if labels is None else tf.argmax(labels, -1, tf.int32)
        return tf.gather_nd(self.table, tf.stack([label, drawn], -1))
