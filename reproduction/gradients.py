"""Gradients of a classifier's last layer, exact, by sample and by updating set."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.files import Array

# Dropout masks drawn for each sample; each set uses one of them for a sample.
PASSES = 6


@dataclass(frozen=True)
class Handed:
    """Gradients of the last layer for each sample of a pool, as two factors.

    Attributes:
        inputs: inputs of the layer, and 1 for its bias, float32 [passes, samples, units + 1].
        residuals: one-hot label minus posterior, float32 [passes, samples, classes].
    """

    inputs: Array
    residuals: Array

    def gradients(self, sets: Array, rng: np.random.Generator) -> Array:
        """Compute the negative gradient of each set, summed over its samples.

        Args:
            sets: positions in the pool, int [sets, set_size].
            rng: draws the dropout pass of each sample of each set.

        Returns:
            float32 [sets, classes, units + 1].
        """
        blocks = []
        for rows in np.array_split(sets, max(len(sets) // 500, 1)):
            passes = rng.integers(len(self.inputs), size=rows.shape)
            inputs, residuals = self.inputs[passes, rows], self.residuals[passes, rows]
            blocks.append(np.einsum("nsc,nsu->ncu", residuals, inputs, optimize=True))
        return np.concatenate(blocks)


def handed(model: keras.Model, samples: Array, labels: Array) -> Handed:
    """Compute the gradients of samples by querying a base model in training mode.

    Args:
        model: a classifier whose last layer is dense, with softmax.
        samples: [n, ...].
        labels: int [n].
    """
    opened = keras.Model(model.input, [model.layers[-1].input, model.output])
    inputs, residuals = [], []
    for _ in range(PASSES):
        parts = [opened(tf.cast(part, tf.float32), training=True) for part in _parts(samples)]
        units, posteriors = (
            np.concatenate([np.asarray(p) for p in own]) for own in zip(*parts, strict=True)
        )
        inputs.append(np.hstack([units, np.ones((len(units), 1), np.float32)]))
        residuals.append(np.eye(posteriors.shape[1], dtype=np.float32)[labels] - posteriors)
    return Handed(np.stack(inputs), np.stack(residuals))


def _parts(samples: Array) -> list[Array]:
    return np.array_split(samples, max(len(samples) // 500, 1))
