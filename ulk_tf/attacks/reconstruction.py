"""From BM-GAN's samples to the finished set: label by label, the centre of each cluster."""

import tensorflow as tf
from scipy.optimize import linear_sum_assignment

from ulk_tf.attacks.bm_gan import BMGAN, deal_labels, spread_labels, squared_distances
from ulk_tf.attacks.clustering import central_samples, kmeans
from ulk_tf.files import Array

CLUSTER_ITERATIONS = 50
# What is generated at once for clustering; more would only need more memory.
GENERATED_AT_ONCE = 2000


def reconstruct_sets(
    gan: BMGAN,
    pair: dict[str, tf.Tensor],
    seeds: tf.Tensor,
    k: int,
    total: int,
    shape: tuple[int, ...],
    directions: Array | None = None,
) -> dict[str, tf.Tensor]:
    """Generate many samples for each posterior difference and cluster them (paper: A_MSR).

    Where `gan.by_label`, the k clusters are dealt out to the labels first, and each takes only
    samples that were generated for its label: one clustering of all would give clusters to the
    labels that vary most, whatever their share.

    Args:
        gan: trained.
        pair: `before` and `after`, float32 [batch, probes, classes].
        seeds: int32 [batch, 2].
        k: samples in an updating set, and so clusters.
        total: samples to generate for a set.
        shape: of a sample.
        directions: in which samples are clustered; see `principal_directions`.

    Returns:
        `samples`, the generated sample nearest each centroid, and `centroids`; both float32
        [batch, k, *shape] in [0, 1].
    """

    def one(row: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        before, after, seed = (part[None] for part in row)
        generated, labels = to_be_clustered(gan, {"before": before, "after": after}, seed, k, total)
        centroids, assignment = kmeans(
            generated, k, seed[0], CLUSTER_ITERATIONS, directions, labels
        )
        return central_samples(generated, centroids, assignment), centroids

    values = gan.generator.output_shape[-1]
    spec = tf.TensorSpec((k, values), tf.float32)
    samples, centroids = tf.map_fn(
        one,
        (pair["before"], pair["after"], seeds),
        fn_output_signature=(spec, spec),
        parallel_iterations=2,
    )
    return {"samples": shaped(samples, shape), "centroids": shaped(centroids, shape)}


def labels_pay(
    gan: BMGAN,
    pair: dict[str, tf.Tensor],
    sets: tf.Tensor,
    total: int,
    directions: Array | None,
) -> bool:
    """Whether clusters by label come nearer to true sets than clusters of all samples.

    They do where labels are well estimated and say much of a sample, as on digits. The target
    must not be asked: these are sets of held-out shadow bases.

    Args:
        gan: trained, with an estimator of the label distribution.
        pair: `before` and `after` of some sets, float32 [sets, probes, classes].
        sets: what the models were updated with, float32 [sets, k, values] in [0, 1].
        total: samples to generate for a set.
        directions: in which samples are clustered.
    """
    count, k, values = sets.shape
    seeds = tf.stack([tf.range(count), tf.fill([count], gan.seed)], -1)
    errors = []
    kept = gan.by_label
    for gan.by_label in (False, True):
        run = tf.function(
            lambda pair, seeds: reconstruct_sets(gan, pair, seeds, k, total, (values,), directions),
            autograph=False,
        )
        apart = squared_distances(sets, run(pair, seeds)["centroids"]).numpy()
        errors.append(sum(one[linear_sum_assignment(one)].sum() for one in apart))
    gan.by_label = kept
    return bool(errors[1] < errors[0])


def to_be_clustered(
    gan: BMGAN, pair: dict[str, tf.Tensor], seed: tf.Tensor, k: int, total: int
) -> tuple[tf.Tensor, tuple[tf.Tensor, tf.Tensor] | None]:
    """The samples of one set, and whose clusters may take them.

    Args:
        gan: trained.
        pair: `before` and `after`, float32 [1, probes, classes].
        seed: int32 [1, 2].
        k: clusters.
        total: samples.

    Returns:
        Samples [total, values]; and the labels of samples int32 [total] and of clusters int32
        [k], or None where any cluster may take any sample.
    """
    shares = clusters = None
    if gan.by_label and gan.labels is not None:
        dealt = spread_labels(gan.labels(pair, training=False), k, tf.constant([0.5]))
        clusters = tf.argmax(dealt[0], -1, tf.int32)
        shares = tf.reduce_mean(dealt, 1)
    samples, labels, left, number = [], [], total, 0
    while left > 0:
        count = min(left, GENERATED_AT_ONCE)
        own = seed + tf.constant([[0, number]])
        samples.append(gan.generate(pair, count, own, shares=shares)[0])
        if shares is not None:
            labels.append(tf.argmax(deal_labels(shares, count, own)[0], -1, tf.int32))
        left, number = left - count, number + 2
    generated = tf.concat(samples, 0)
    return generated, None if clusters is None else (tf.concat(labels, 0), clusters)


def shaped(samples: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """[batch, n, values] -> [batch, n, *shape]."""
    return tf.reshape(samples, (-1, samples.shape[1], *shape))
