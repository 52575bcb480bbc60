"""K-means in the graph, so that an exported attack answers the finished set (paper: A_MSR)."""

import math

import numpy as np
import tensorflow as tf
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits

from ulk_tf.files import Array

# First centroids that are tried in all starts together, the fewest and the most starts, and the
# iterations after which the best one is chosen: k-means ends in a local minimum, the more so the
# fewer centroids there are, and a few iterations already tell a poor one from a good one.
TRIED, FEWEST_STARTS, MOST_STARTS = 100, 2, 8
TRIAL_ITERATIONS = 5
# Candidates drawn for each first centroid, of which the best is kept. One alone would end with up
# to twice the inertia where clusters are well separated.
CANDIDATES = 16
# First centroids are drawn in a random projection to so many values.
SEED_VALUES = 64
# Principal directions in which samples are clustered: on MNIST and CIFAR-10 they hold more than
# nine tenths of the variance, and nearest centroids are the same but for near ties.
DIRECTIONS = 128


def _distances(samples: tf.Tensor, centroids: tf.Tensor) -> tf.Tensor:
    """Squared distances without the samples' own norms, which no comparison needs, [n, k]."""
    products = tf.matmul(samples, centroids, transpose_b=True)
    return tf.reduce_sum(centroids * centroids, -1)[None] - 2 * products


def _spread(samples: tf.Tensor, k: int, seed: tf.Tensor) -> tf.Tensor:
    """Greedy k-means++ (Arthur and Vassilvitskii 2007): far samples are likelier centroids."""
    low = samples
    if samples.shape[1] > SEED_VALUES:
        # Distances survive a random projection (Johnson and Lindenstrauss 1984) well enough to
        # draw by, at a fraction of the time.
        shape = (samples.shape[1], SEED_VALUES)
        mixing = tf.random.stateless_normal(shape, seed + tf.constant([1, 0]))
        low = tf.matmul(samples, mixing) / SEED_VALUES**0.5
    norms = tf.reduce_sum(low * low, -1)
    count = tf.shape(low)[0]
    draws = tf.random.stateless_uniform((k, CANDIDATES), seed + tf.constant([0, 1]))

    def away(chosen: tf.Tensor) -> tf.Tensor:
        products = tf.matmul(low, tf.gather(low, chosen), transpose_b=True)
        squared = norms[:, None] - 2 * products + tf.gather(norms, chosen)
        return tf.maximum(tf.transpose(squared), 0.0)

    def step(
        number: tf.Tensor, chosen: tf.Tensor, nearest: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        # If each sample already has a centroid, any will do.
        left = tf.where(tf.reduce_any(nearest > 0), nearest, tf.ones_like(nearest))
        ends = tf.cumsum(left)
        drawn = tf.searchsorted(ends, draws[number] * ends[-1], side="right")
        drawn = tf.minimum(drawn, count - 1)
        nearer = tf.minimum(nearest, away(drawn))
        best = tf.argmin(tf.reduce_sum(nearer, -1), output_type=tf.int32)
        chosen = tf.tensor_scatter_nd_update(chosen, [[number]], [drawn[best]])
        return number + 1, chosen, nearer[best]

    # No centroid is nearer than any sample could be, so that the first is drawn from all alike.
    farthest = tf.fill((count,), 4 * tf.reduce_max(norms) + 1.0)
    start = (tf.constant(0), tf.zeros((k,), tf.int32), farthest)
    _, chosen, _ = tf.while_loop(lambda number, *_: number < k, step, start)
    return tf.gather(samples, chosen)


def _lloyd(
    samples: tf.Tensor, centroids: tf.Tensor, iterations: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Lloyd's algorithm: centroids and assignment when no sample moves any more, or before.

    Sums are kept, and only the samples that move are added and taken away: after a few
    iterations they are few, which saves nearly half of the time.
    """
    k = centroids.shape[0]

    def nearest(centroids: tf.Tensor) -> tf.Tensor:
        return tf.argmin(_distances(samples, centroids), -1, tf.int32)

    def totals(rows: tf.Tensor, clusters: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        sums = tf.math.unsorted_segment_sum(rows, clusters, k)
        return sums, tf.math.unsorted_segment_sum(tf.ones_like(rows[:, :1]), clusters, k)

    def step(
        number: tf.Tensor,
        centroids: tf.Tensor,
        sums: tf.Tensor,
        sizes: tf.Tensor,
        assignment: tf.Tensor,
        _: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        centroids = tf.where(sizes > 0, sums / tf.maximum(sizes, 1.0), centroids)
        found = nearest(centroids)
        moved = tf.where(found != assignment)[:, 0]
        rows = tf.gather(samples, moved)
        gained, more = totals(rows, tf.gather(found, moved))
        lost, fewer = totals(rows, tf.gather(assignment, moved))
        changed = tf.size(moved) > 0
        return number + 1, centroids, sums + gained - lost, sizes + more - fewer, found, changed

    assignment = nearest(centroids)
    start = (centroids, *totals(samples, assignment), assignment, tf.constant(value=True))
    _, centroids, _, _, assignment, _ = tf.while_loop(
        lambda number, *state: (number < iterations) & state[-1], step, (tf.constant(0), *start)
    )
    return centroids, assignment


def principal_directions(samples: Array) -> Array | None:
    """Directions in which samples like these are clustered at a fraction of the time.

    Args:
        samples: float32 [n, d].

    Returns:
        Orthonormal, float32 [d, DIRECTIONS], those in which the samples differ most; None where
        samples have no more values than that.
    """
    if samples.shape[1] <= DIRECTIONS:
        return None
    centred = samples - samples.mean(0)
    most = samples.shape[1] - DIRECTIONS
    with threadpool_limits(1):
        _, directions = eigh(
            centred.T @ centred, subset_by_index=(most, samples.shape[1] - 1), check_finite=False
        )
    return np.ascontiguousarray(directions, np.float32)


def in_directions(samples: tf.Tensor, directions: Array | None) -> tf.Tensor:
    """Samples where distances between them are taken, with their mean at zero.

    Distances from products lose fewer digits there.

    Args:
        samples: float32 [n, d].
        directions: orthonormal [d, m], see `principal_directions`; None: [n, d] is answered.

    Returns:
        float32 [n, m].
    """
    low = samples if directions is None else tf.matmul(samples, directions)
    return low - tf.reduce_mean(low, 0)


def kmeans(
    samples: tf.Tensor,
    k: int,
    seed: tf.Tensor,
    iterations: int = 50,
    directions: Array | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Lloyd's algorithm from the best of a few greedy k-means++ starts.

    It ends early when no sample changes its cluster, and comes within 2% of the inertia of
    scikit-learn's best of one to four runs.

    Args:
        samples: float32 [n, d], n at least k.
        k: clusters.
        seed: int32 [2].
        iterations: at most, after the start has been chosen.
        directions: orthonormal [d, m], see `principal_directions`: distances are taken in them.

    Returns:
        Centroids float32 [k, d] and each sample's cluster int32 [n]. A cluster that lost all of
        its samples keeps its centroid.
    """
    whole = tf.convert_to_tensor(samples, tf.float32)
    seed = tf.convert_to_tensor(seed, tf.int32)
    # The centre of mass at zero: distances from products lose fewer digits.
    middle = tf.reduce_mean(whole, 0)
    whole -= middle
    samples = whole if directions is None else tf.matmul(whole, directions)

    def attempt(
        number: tf.Tensor, best: tf.Tensor, least: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        start = _spread(samples, k, seed + tf.stack([0, 2 * number]))
        tried, _ = _lloyd(samples, start, TRIAL_ITERATIONS)
        inertia = tf.reduce_sum(tf.reduce_min(_distances(samples, tried), -1))
        better = inertia < least
        return number + 1, tf.where(better, tried, best), tf.minimum(inertia, least)

    starts = min(max(TRIED // k, FEWEST_STARTS), MOST_STARTS)
    nothing = (tf.constant(0), tf.zeros((k, samples.shape[1])), tf.constant(math.inf))
    _, best, _ = tf.while_loop(
        lambda number, *_: number < starts, attempt, nothing, parallel_iterations=1
    )
    centroids, assignment = _lloyd(samples, best, iterations)
    if directions is not None:
        means = tf.math.unsorted_segment_mean(whole, assignment, k)
        sizes = tf.math.unsorted_segment_sum(tf.ones_like(whole[:, :1]), assignment, k)
        empty = tf.matmul(centroids, directions, transpose_b=True)
        centroids = tf.where(sizes > 0, means, empty)
    return centroids + middle, assignment


def central_samples(
    samples: tf.Tensor, centroids: tf.Tensor, assignment: tf.Tensor | None = None
) -> tf.Tensor:
    """The actual sample nearest each centroid (paper: the central sample of each cluster).

    Args:
        samples: float32 [n, d].
        centroids: float32 [k, d].
        assignment: int32 [n], the cluster of each sample. With it a central sample is of the
            cluster itself (of all samples where the cluster is empty); without it, about one
            in a hundred is a neighbour's.

    Returns:
        float32 [k, d].
    """
    return tf.gather(samples, central_rows(samples, centroids, assignment))


def central_rows(
    samples: tf.Tensor, centroids: tf.Tensor, assignment: tf.Tensor | None = None
) -> tf.Tensor:
    """The row of each central sample, int64 [k]; arguments as those of `central_samples`."""
    norms = tf.reduce_sum(samples * samples, -1)[:, None]
    distances = norms - 2 * tf.matmul(samples, centroids, transpose_b=True)
    if assignment is not None:
        members = tf.one_hot(assignment, centroids.shape[0], on_value=True, off_value=False)
        eligible = members | ~tf.reduce_any(members, 0)
        distances = tf.where(eligible, distances, math.inf)
    return tf.argmin(distances, 0)
