"""Features of answers that were cut to the top few: how what is seen moved, and what is left to 1.

Of a class that was cut, only a bound is known. Whatever stands in its place would move as if it had
been measured, and by most where nothing was seen. Movements are therefore taken among the classes
that a probe shows before and after the update; all cut classes together move by what the others
leave to 1.
"""

import tensorflow as tf

from ulk_tf.attacks.class_pairs import SMALLEST
from ulk_tf.files import Array

# Movements of the rest at the probes of a class, in two forms.
VALUES_OF_A_CLASS = 2
# Movement of the rest at a probe, and how large the rest was.
VALUES_OF_A_PROBE = 2


def filled(posteriors: tf.Tensor, floor: float) -> tuple[tf.Tensor, tf.Tensor]:
    """Find the classes that were answered, and fill in all others.

    Args:
        posteriors: cut answers in their canonical form, where all cut classes share what is left
            to 1, and have less than any that was answered; float32 [..., classes].
        floor: what is left to 1 is known no better than this.

    Returns:
        True where a class was answered, and posteriors in which cut classes have at least `floor`,
        but no more than any that was answered.
    """
    seen = posteriors > tf.reduce_min(posteriors, -1, keepdims=True)
    least = tf.reduce_min(tf.where(seen, posteriors, 1.0), -1, keepdims=True)
    return seen, tf.where(seen, posteriors, tf.minimum(tf.maximum(posteriors, floor), least))


def movement(before: tf.Tensor, after: tf.Tensor, floor: float) -> tf.Tensor:
    """Take log(before) - log(after), centred, of classes that were answered both times; else 0.

    Args:
        before: cut answers, float32 [batch, probes, classes].
        after: the same shape.
        floor: as `filled` takes it.
    """
    (seen, earlier), (still, later) = (filled(part, floor) for part in (before, after))
    both = tf.cast(seen & still, tf.float32)
    moved = both * (tf.math.log(earlier) - tf.math.log(later))
    count = tf.maximum(tf.reduce_sum(both, -1, keepdims=True), 1.0)
    return moved - both * tf.reduce_sum(moved, -1, keepdims=True) / count


def rest(
    before: tf.Tensor, after: tf.Tensor, singly: Array, floor: float
) -> tuple[tf.Tensor, tf.Tensor]:
    """Compute how what is left to 1 moved: for each class, and for each probe.

    Args:
        before: cut answers, float32 [batch, probes, classes].
        after: the same shape.
        singly: places of the probes whose values are taken one by one, int [n].
        floor: as `filled` takes it.

    Returns:
        Values of each class, float32 [batch, classes, VALUES_OF_A_CLASS]: the mean movement of its
        probes, relative to those of all probes, and compressed. Values of all classes, float32
        [batch, VALUES_OF_A_PROBE * n + 1]: the movement of each of these probes, how much was left
        before, and the length of all movements; as logarithms.
    """
    left = []
    for part in (before, after):
        seen, _ = filled(part, floor)
        hidden = tf.reduce_sum(tf.where(seen, 0.0, part), -1)
        left.append(tf.math.log(tf.maximum(hidden, floor)))
    moved = left[1] - left[0]
    length = tf.norm(moved, axis=-1, keepdims=True) + SMALLEST
    moved *= float(before.shape[1]) ** 0.5 / length
    weights = before / (tf.reduce_sum(before, 1, keepdims=True) + 1.0)
    means = tf.matmul(weights, moved[..., None], transpose_a=True)
    single = [tf.gather(part, singly, axis=1) for part in (moved, left[0] / 5)]
    shared = [*single, tf.math.log(length) / 3]
    return tf.concat([means, tf.math.asinh(3 * means)], -1), tf.concat(shared, -1)
