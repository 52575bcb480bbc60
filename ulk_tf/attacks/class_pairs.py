"""Class-by-class features: how far the probes of class i moved towards class j.

The movement of a single probe depends on the base model; the movement of one class towards
another hardly does. An attack that learns from these matrices on shadow bases can therefore use
what it learned on a target base.
"""

import tensorflow as tf

# Ridge, relative to the trace: centred logits of k classes have rank k - 1, and some directions
# are hardly sampled.
RIDGE = 0.03
# Keeps divisions finite where an update changed nothing or all posteriors are equal.
SMALLEST = 1e-9
# Two matrices, each in two forms: raw and compressed by asinh.
MATRICES, FORMS = 2, 2


def class_pairs(posteriors: tf.Tensor, logits: tf.Tensor, difference: tf.Tensor) -> tf.Tensor:
    """Compute for each class how it moved at the probes of every other class, and vice versa.

    The first matrix is a ridge regression of the difference on the posteriors before the update:
    row i predicts the difference at a probe that is certainly of class i. The second matrix is
    the difference, whitened by the covariance of the logits before the update and averaged over
    the probes of each class, weighted by their posteriors. Whitening removes the part that comes
    from a last layer which always moves similar classes together.

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
    beside = tf.concat([beside_classes(regressed), beside_classes(means)], -1)
    return tf.ensure_shape(beside, (None, classes, values_of_a_class(classes)))


def values_of_a_class(classes: int) -> int:
    """Count the values that `class_pairs` gives for each of `classes` classes."""
    return MATRICES * values_of_a_matrix(classes)


def values_of_a_matrix(classes: int) -> int:
    """Count the values that `beside_classes` gives for each of `classes` classes."""
    return FORMS * (2 * classes + 1)


def _with_ridge(matrix: tf.Tensor) -> tf.Tensor:
    """Add a ridge to symmetric matrices [batch, classes, classes], so that they can be inverted."""
    classes = matrix.shape[-1]
    height = RIDGE * tf.linalg.trace(matrix) / classes + SMALLEST
    return matrix + height[:, None, None] * tf.eye(classes)


def beside_classes(matrix: tf.Tensor) -> tf.Tensor:
    """Give each class its column, row and diagonal of a matrix, at a common scale.

    Args:
        matrix: float32 [batch, classes, classes].

    Returns:
        float32 [batch, classes, values_of_a_matrix(classes)].
    """
    classes = matrix.shape[-1]
    norm = tf.norm(matrix, axis=(1, 2), keepdims=True) + SMALLEST**2
    scaled = matrix * classes / norm
    own = tf.linalg.diag_part(scaled)[..., None]
    seen = tf.concat([tf.linalg.matrix_transpose(scaled), scaled, own], -1)
    return tf.concat([seen, tf.math.asinh(3 * seen)], -1)
