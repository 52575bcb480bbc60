"""Features of rounded answers: by how many steps posteriors moved.

Rounding blurs all posteriors alike, but logarithms most where posteriors are smallest and tell
least. Movements are therefore counted in steps, and summed over all probes, of which coarse answers
leave few that moved.
"""

import numpy as np
import tensorflow as tf

from ulk_tf.attacks.class_pairs import SMALLEST, beside_classes, values_of_a_matrix
from ulk_tf.files import Array

# Less than that many steps is the arithmetic of float32.
HALF = 0.5
# Matrices, and sums over all probes, each of them in two forms.
MATRICES, SUMS, FORMS = 2, 3, 2
# Share of the posteriors above 0 that an update moves from which on logarithms tell more. Measured
# on held-out shadow bases: counts are worth more at 0.39 and 0.49, less at 0.7 and above.
MOST = 0.6


def tell_less_than_logarithms(before: Array, after: Array, step: float) -> bool:
    """Return True if answers are fine enough, beside how far updates move them, for logarithms.

    Args:
        before: rounded posteriors of shadow updates, float32 [updates, probes, classes].
        after: the same shape.
        step: their rounding step.
    """
    answered = before > 0
    moved = answered & (np.abs(before - after) > HALF * step)
    return bool(moved.sum() >= MOST * max(answered.sum(), 1))


def by_steps(logits: tf.Tensor, steps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Arrange the values of each probe class by class, in the same order for every class.

    Args:
        logits: before the update, at a common scale, float32 [batch, probes, classes].
        steps: by how many steps each posterior moved, the same shape.

    Returns:
        Values of each class, float32 [batch, classes, 2 * probes]: each probe's compressed steps,
        and its logit before. Values of all classes, float32 [batch, probes]: the length of each
        probe's steps, compressed.
    """
    values = tf.concat([tf.math.asinh(steps), logits], 1)
    return tf.linalg.matrix_transpose(values), tf.math.asinh(tf.norm(steps, axis=-1))


def step_pairs(posteriors: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """Compute for each class by how many steps it moved at the probes of each class, and in all.

    The two matrices hold the mean steps of the probes of each class, weighted by their posteriors:
    of steps, and of steps compressed by asinh. Sums over all probes are of the same two, and of
    the steps' signs; each is given relative to those of the other classes, and compressed.

    Args:
        posteriors: before the update, float32 [batch, probes, classes].
        steps: by how many steps they moved, the same shape.

    Returns:
        float32 [batch, classes, values_of_steps(classes)].
    """
    classes = posteriors.shape[-1]
    weights = posteriors / (tf.reduce_sum(posteriors, 1, keepdims=True) + SMALLEST)
    forms = (steps, tf.math.asinh(steps))
    matrices = [beside_classes(tf.matmul(weights, one, transpose_a=True)) for one in forms]
    signs = tf.where(tf.abs(steps) > HALF, tf.sign(steps), 0.0)
    sums = tf.stack([tf.reduce_sum(one, 1) for one in (*forms, signs)], -1)
    length = tf.norm(sums, axis=1, keepdims=True) + SMALLEST
    found = tf.concat([*matrices, sums * classes**0.5 / length, tf.math.asinh(sums)], -1)
    return tf.ensure_shape(found, (None, classes, values_of_steps(classes)))


def values_of_steps(classes: int) -> int:
    """Count the values that `step_pairs` gives for each of `classes` classes."""
    return MATRICES * values_of_a_matrix(classes) + SUMS * FORMS
