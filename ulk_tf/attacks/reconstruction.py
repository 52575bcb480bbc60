"""Reconstructed sets from BM-GAN's samples: centres of clusters, and samples near them."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from ulk_tf.attacks.bm_gan import BMGAN
from ulk_tf.attacks.clustering import central_rows, central_samples, in_directions, kmeans
from ulk_tf.attacks.matching import matched_with, random_sets
from ulk_tf.files import Array
from ulk_tf.settings.attack_configs import ClusteringName

CLUSTER_ITERATIONS = 50
# Iterations of k-means before its centroids are matched with sets, and the samples it uses; more
# give no better start.
START_ITERATIONS, STARTED_FROM = 5, 4000


def _kmeans(
    samples: tf.Tensor, k: int, seed: tf.Tensor, directions: Array | None
) -> tuple[tf.Tensor, tf.Tensor]:
    centroids, assignment = kmeans(samples, k, seed, CLUSTER_ITERATIONS, directions)
    return central_samples(samples, centroids, assignment), centroids


def _matched(
    samples: tf.Tensor, k: int, seed: tf.Tensor, directions: Array | None
) -> tuple[tf.Tensor, tf.Tensor]:
    low = in_directions(samples, directions)
    # Samples come label by label: every so manieth has the labels of all.
    some = low[:: max(samples.shape[0] // max(STARTED_FROM, k), 1)]
    start, _ = kmeans(some, k, seed, START_ITERATIONS)
    sets = random_sets(samples.shape[0], k, seed)
    centroids, low_centroids = matched_with(sets, samples, low, start)
    return tf.gather(samples, central_rows(low, low_centroids)), centroids


Clusters = Callable[[tf.Tensor, int, tf.Tensor, Array | None], tuple[tf.Tensor, tf.Tensor]]
CLUSTERINGS: dict[ClusteringName, Clusters] = {"matched": _matched, "kmeans": _kmeans}


@dataclass(frozen=True)
class Clustering:
    """Clustering of the samples that are generated for a set.

    Attributes:
        name: one of `CLUSTERINGS`.
        total: samples generated for a set, at least as many as it has.
        directions: in which they are clustered; see `principal_directions`.
    """

    name: ClusteringName
    total: int
    directions: Array | None = None


def reconstruct_sets(
    gan: BMGAN,
    pair: dict[str, tf.Tensor],
    seeds: tf.Tensor,
    k: int,
    shape: tuple[int, ...],
    clustering: Clustering,
) -> dict[str, tf.Tensor]:
    """Generate many samples for each posterior difference and cluster them (paper: A_MSR).

    Args:
        gan: trained.
        pair: `before` and `after`, float32 [batch, probes, classes].
        seeds: int32 [batch, 2].
        k: samples in an updating set, and so clusters.
        shape: shape of a sample.
        clustering: how many, and how.

    Returns:
        `samples`, the generated sample nearest each centroid, and `centroids`; both float32
        [batch, k, *shape] in [0, 1].
    """
    clusters = CLUSTERINGS[clustering.name]

    def one(row: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        before, after, seed = (part[None] for part in row)
        generated = to_be_clustered(gan, {"before": before, "after": after}, seed, clustering.total)
        return clusters(generated, k, seed[0], clustering.directions)

    values = gan.generator.output_shape[-1]
    spec = tf.TensorSpec((k, values), tf.float32)
    samples, centroids = tf.map_fn(
        one,
        (pair["before"], pair["after"], seeds),
        fn_output_signature=(spec, spec),
        parallel_iterations=2,
    )
    return {"samples": shaped(samples, shape), "centroids": shaped(centroids, shape)}


def to_be_clustered(
    gan: BMGAN, pair: dict[str, tf.Tensor], seed: tf.Tensor, total: int
) -> tf.Tensor:
    """Generate the samples of one set.

    Args:
        gan: trained.
        pair: `before` and `after`, float32 [1, probes, classes].
        seed: int32 [1, 2].
        total: samples.

    Returns:
        float32 [total, values].
    """
    return gan.generate(pair, total, seed)[0]


def shaped(samples: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """Reshape [batch, n, values] to [batch, n, *shape]."""
    return tf.reshape(samples, (-1, samples.shape[1], *shape))
