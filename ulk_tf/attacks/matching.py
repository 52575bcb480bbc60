"""Centroids that are near to whole sets, matched one for one: the barycentre of sets.

K-means gives the many samples of a dense region one centroid, and a rare sample its own. A
reconstruction is judged by a one-for-one matching with the updating set. Here sets of k samples
are matched with the k centroids, and each centroid becomes the mean of its partners.
"""

from collections.abc import Callable

import tensorflow as tf

from ulk_tf.files import Array

# Softness of a matching, as a share of the mean distance, and Sinkhorn's rounds. Softer or
# harder ones, more rounds, or the Hungarian algorithm itself change matched errors on held-out
# shadow bases by less than 1%.
TEMPERATURE, ROUNDS = 0.03, 20
# Passes over all samples, each in new random sets; after four the centroids no longer change.
PASSES = 4
# Keeps the division finite where all samples are equal.
SMALLEST_MEAN = 1e-12


def soft_matching(distances: tf.Tensor) -> tf.Tensor:
    """Match samples with centroids softly (Sinkhorn's algorithm; Cuturi 2013).

    Args:
        distances: of centroids and samples of a set, float32 [sets, k, k].

    Returns:
        Shares float32 [sets, k, k]. Those of a centroid sum to one; those of a sample nearly do,
        less so where groups of samples are far apart.
    """
    scores = distances / -(TEMPERATURE * tf.reduce_mean(distances) + SMALLEST_MEAN)
    # The first round by logarithms: every row and every column then holds a share of at least
    # 1 / k^2, so that products, several times faster, neither vanish nor overflow.
    scores -= tf.reduce_logsumexp(scores, -2, keepdims=True)
    scores -= tf.reduce_logsumexp(scores, -1, keepdims=True)
    shares = tf.exp(scores)

    def step(
        number: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        columns = 1 / tf.matmul(rows, shares, transpose_a=True)
        rows = 1 / tf.matmul(shares, columns, transpose_b=True)
        return number + 1, rows, columns

    start = (tf.constant(1), tf.ones_like(scores[..., :1]), tf.ones_like(scores[..., :1, :]))
    _, rows, columns = tf.while_loop(lambda number, *_: number < ROUNDS, step, start)
    return rows * shares * columns


def matched_centroids(
    samples: tf.Tensor, start: tf.Tensor, seed: tf.Tensor, directions: Array | None = None
) -> tf.Tensor:
    """Match centroids with random sets of the samples, pass after pass over all samples.

    Args:
        samples: float32 [n, d].
        start: first centroids, float32 [k, d], k at most n.
        seed: int32 [2], of which samples are put into a set.
        directions: orthonormal [d, m], see `principal_directions`: distances are taken in them.

    Returns:
        float32 [k, d].
    """
    count, k = samples.shape[0], start.shape[0]

    def sets(number: tf.Tensor) -> tf.Tensor:
        chance = tf.random.stateless_uniform((count,), seed + tf.stack([number, 0]))
        return tf.reshape(tf.argsort(chance)[: count // k * k], (-1, k))

    return matched_with(sets, samples, start, directions)


def matched_with(
    sets: Callable[[tf.Tensor], tf.Tensor],
    samples: tf.Tensor,
    start: tf.Tensor,
    directions: Array | None = None,
) -> tf.Tensor:
    """Match centroids with given sets.

    Args:
        sets: number of the pass -> rows of samples that make sets, int32 [sets, k].
        samples: float32 [n, d].
        start: first centroids, float32 [k, d].
        directions: orthonormal [d, m]: distances are taken in them.

    Returns:
        float32 [k, d].
    """
    middle = tf.reduce_mean(samples, 0)
    low, centroids = samples - middle, start - middle
    if directions is not None:
        low, centroids = tf.matmul(low, directions), tf.matmul(centroids, directions)

    def step(number: tf.Tensor, centroids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        drawn = tf.gather(low, sets(number))
        return number + 1, _means(_partners(centroids, drawn), drawn)

    _, centroids = tf.while_loop(
        lambda number, _: number < PASSES - 1, step, (tf.constant(0), centroids)
    )
    rows = sets(tf.constant(PASSES - 1))
    return _means(_partners(centroids, tf.gather(low, rows)), tf.gather(samples, rows))


def _partners(centroids: tf.Tensor, sets: tf.Tensor) -> tf.Tensor:
    """Share the samples of each set [sets, k, d] among the centroids, [sets, k, k samples]."""
    products = tf.einsum("kd,snd->skn", centroids, sets)
    norms = tf.reduce_sum(sets * sets, -1)[:, None]
    apart = tf.reduce_sum(centroids * centroids, -1)[:, None] + norms - 2 * products
    return soft_matching(tf.maximum(apart, 0.0))


def _means(shares: tf.Tensor, sets: tf.Tensor) -> tf.Tensor:
    """The mean of each centroid's partners, [k, d]."""
    return tf.einsum("skn,snd->kd", shares, sets) / tf.cast(tf.shape(sets)[0], tf.float32)
