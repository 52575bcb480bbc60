"""What an update did to every class where every other class is: a small matrix, whatever the base.

Which probe moved how far depends on the base model; how far probes of one class moved towards
another hardly does. So what an attack learns of these matrices on its shadow bases holds for a
target's as well.
"""

import tensorflow as tf

# Of a trace, added to the diagonal before a matrix is inverted: logits of ten classes lie in
# nine directions, and of some a hundred probes say little.
RIDGE = 0.03
# Added where all may be zero: an update may leave everything as it was, posteriors may be equal.
SMALLEST = 1e-9
# Column, row and diagonal of two matrices, as they are and with large values drawn in.
MATRICES, FORMS = 2, 2


def class_pairs(posteriors: tf.Tensor, logits: tf.Tensor, difference: tf.Tensor) -> tf.Tensor:
    """How far each class' logit moved where each other class is, beside each class.

    The first matrix is a ridge regression of the difference on the posteriors before: its row
    is what a probe that is surely of a class would have seen. The second is the mean over the
    probes of each class, each weighted by its posterior, of the difference whitened by the
    covariance of the logits before: what comes from a last layer that always moves similar
    classes together is divided out.

    Args:
        posteriors: before the update, float32 [batch, probes, classes].
        logits: the same as centred log-posteriors.
        difference: centred log-posterior difference, the same shape.

    Returns:
        float32 [batch, classes, values_of_a_class(classes)].
    """
    classes = posteriors.shape[-1]
    regressed = tf.linalg.solve(
        _with_ridge(tf.matmul(posteriors, posteriors, transpose_a=True)),
        tf.matmul(posteriors, difference, transpose_a=True),
    )
    covariance = tf.matmul(logits, logits, transpose_a=True) / posteriors.shape[1]
    whitened = tf.matmul(difference, tf.linalg.inv(_with_ridge(covariance)))
    whitened -= tf.reduce_mean(whitened, -1, keepdims=True)
    weights = posteriors / (tf.reduce_sum(posteriors, 1, keepdims=True) + SMALLEST)
    means = tf.matmul(weights, whitened, transpose_a=True)
    beside = tf.concat([_beside_classes(regressed), _beside_classes(means)], -1)
    return tf.ensure_shape(beside, (None, classes, values_of_a_class(classes)))


def values_of_a_class(classes: int) -> int:
    """How many values `class_pairs` gives for each of `classes` classes."""
    return MATRICES * FORMS * (2 * classes + 1)


def _with_ridge(matrix: tf.Tensor) -> tf.Tensor:
    """Symmetric [batch, classes, classes], made safe to invert."""
    classes = matrix.shape[-1]
    height = RIDGE * tf.linalg.trace(matrix) / classes + SMALLEST
    return matrix + height[:, None, None] * tf.eye(classes)


def _beside_classes(matrix: tf.Tensor) -> tf.Tensor:
    """[batch, classes, classes] -> what each class sees of it, at a common scale."""
    classes = matrix.shape[-1]
    norm = tf.norm(matrix, axis=(1, 2), keepdims=True) + SMALLEST**2
    scaled = matrix * classes / norm
    own = tf.linalg.diag_part(scaled)[..., None]
    seen = tf.concat([tf.linalg.matrix_transpose(scaled), scaled, own], -1)
    return tf.concat([seen, tf.math.asinh(3 * seen)], -1)
