"""Losses between a generated and a real set: best match (the paper's), or energy distance."""

from collections.abc import Callable

import tensorflow as tf

from ulk_tf.settings.attack_configs import SetLossName

# Keeps the slope of a distance finite where two samples are equal.
LEAST_DISTANCE = 1e-3


def squared_distances(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Squared distances of all pairs, [batch, n, d] and [batch, m, d] -> [batch, n, m]."""
    a, b = tf.cast(a, tf.float32), tf.cast(b, tf.float32)
    products = tf.matmul(a, b, transpose_b=True)
    norms = tf.reduce_sum(a * a, -1)[..., :, None] + tf.reduce_sum(b * b, -1)[..., None, :]
    return tf.maximum(norms - 2 * products, 0.0)


def best_match(real: tf.Tensor, generated: tf.Tensor) -> tf.Tensor:
    """The best-match loss: each real sample's distance to the nearest generated one.

    Args:
        real: updating sets, float32 [batch, set_size, values], in [0, 1].
        generated: samples for them, float32 [batch, generated, values].

    Returns:
        float32 [batch]: mean squared error over the samples of a set and their values.
    """
    nearest = tf.reduce_min(squared_distances(real, generated), -1)
    return tf.reduce_mean(nearest, -1) / tf.cast(tf.shape(real)[-1], tf.float32)


def energy(real: tf.Tensor, generated: tf.Tensor) -> tf.Tensor:
    """The energy distance, but for a term of the real samples alone (Székely and Rizzo 2013).

    How far generated samples are from the real ones, less half of how far they are from each
    other: least where both are distributed alike. Best match alone draws generated samples
    together to where many real ones are.

    Args:
        real: updating sets, float32 [batch, set_size, values], in [0, 1].
        generated: samples for them, float32 [batch, generated, values].

    Returns:
        float32 [batch]: in units of a value.
    """
    count = generated.shape[1]
    pairs = max(count * (count - 1), 1)
    among = tf.reduce_sum(_distances(generated, generated), (-2, -1)) - count * LEAST_DISTANCE
    return tf.reduce_mean(_distances(real, generated), (-2, -1)) - among / (2 * pairs)


def _distances(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Root mean squared differences of all pairs, [batch, n, m]; at least LEAST_DISTANCE."""
    squared = squared_distances(a, b) / tf.cast(tf.shape(a)[-1], tf.float32)
    return tf.sqrt(squared + LEAST_DISTANCE**2)


SET_LOSSES: dict[SetLossName, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "energy": energy,
    "best_match": best_match,
}
