"""Clustering in the graph: as good as scikit-learn's, the same each time, servable."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, make_blobs
from threadpoolctl import threadpool_limits

from ulk_tf.attacks.clustering import _lloyd, central_samples, kmeans, principal_directions

SEED = np.array([3, 5], np.int32)


def _inertia(samples, centroids):
    nearest = [((samples - centre) ** 2).sum(-1) for centre in centroids]
    return float(np.min(nearest, axis=0).sum())


def _blobs(k):
    return make_blobs(2000, 20, centers=k, random_state=0)[0].astype(np.float32)


def _digits():
    return (load_digits().data / 16).astype(np.float32)


def _wide():
    """Digits in 784 values: wider than what first centroids are drawn in."""
    images = _digits()[:800].reshape(-1, 8, 8)
    return np.kron(images, np.ones((1, 4, 4), np.float32))[:, 2:30, 2:30].reshape(-1, 784)


@pytest.mark.parametrize(
    ("samples", "k"),
    [
        (_digits, 10),
        (_digits, 100),
        (lambda: _blobs(10), 10),
        (lambda: _blobs(100), 100),
        (_wide, 100),
    ],
    ids=["digits-10", "digits-100", "blobs-10", "blobs-100", "wide-100"],
)
@pytest.mark.parametrize("runs", [1, 4])
def test_inertia_is_within_two_percent_of_scikit_learn(samples, k, runs):
    samples = samples()
    with threadpool_limits(1):
        theirs = KMeans(k, n_init=runs, random_state=0).fit(samples).inertia_
    clustered = tf.function(lambda seed: kmeans(samples, k, seed)[0])
    for number in range(3):
        ours = _inertia(samples, clustered(tf.constant([number, 1])).numpy())
        assert ours <= 1.02 * theirs


@pytest.mark.parametrize("k", [10, 100])
def test_in_principal_directions_inertia_is_as_good(k):
    samples, others = _wide()[:500], _wide()[500:]
    assert principal_directions(_digits()) is None
    directions = principal_directions(others)
    np.testing.assert_allclose(directions.T @ directions, np.eye(128), atol=1e-4)
    with threadpool_limits(1):
        theirs = KMeans(k, n_init=4, random_state=0).fit(samples).inertia_
    for number in range(3):
        centroids, assignment = (
            part.numpy() for part in kmeans(samples, k, np.array([number, 1]), 300, directions)
        )
        assert _inertia(samples, centroids) <= 1.02 * theirs
        for cluster, centre in enumerate(centroids):
            np.testing.assert_allclose(samples[assignment == cluster].mean(0), centre, atol=1e-5)


def test_an_empty_cluster_keeps_a_centroid_of_whole_length():
    samples = np.tile(_wide()[:1], (20, 1))
    centroids, _ = kmeans(samples, 3, SEED, 10, principal_directions(_wide()))
    np.testing.assert_allclose(centroids, np.tile(samples[:1], (3, 1)), atol=1e-5)


def test_centroids_are_the_means_of_their_clusters_and_each_sample_is_with_its_nearest():
    samples = _digits()
    centroids, assignment = (part.numpy() for part in kmeans(samples, 10, SEED, 300))
    for number, centre in enumerate(centroids):
        np.testing.assert_allclose(samples[assignment == number].mean(0), centre, atol=1e-5)
    slow = ((samples[:, None] - centroids[None]) ** 2).sum(-1).argmin(-1)
    np.testing.assert_array_equal(assignment, slow)
    assert assignment.dtype == np.int32


def test_more_iterations_never_make_it_worse():
    samples = _digits()
    inertia = [_inertia(samples, kmeans(samples, 30, SEED, n)[0].numpy()) for n in (0, 2, 10, 50)]
    assert inertia == sorted(inertia, reverse=True)
    assert inertia[0] > inertia[-1]


def test_the_seed_decides_the_answer():
    samples = _digits()[:300]
    first, again = (kmeans(samples, 20, SEED)[0].numpy() for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, kmeans(samples, 20, SEED + 1)[0].numpy())


@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_samples_far_from_zero_are_told_apart_all_the_same(offset):
    samples = np.array([[0.0, 0], [0, 1], [9, 0], [9, 1]], np.float32) + np.float32(offset)
    centroids, assignment = (part.numpy() for part in kmeans(samples, 2, SEED))
    np.testing.assert_allclose(sorted(centroids.tolist()), samples[[0, 2]] + [0, 0.5], atol=1e-4)
    assert assignment[0] == assignment[1] != assignment[2] == assignment[3]


@pytest.mark.parametrize(
    ("samples", "k"),
    [
        (np.ones((12, 3), np.float32), 4),
        (np.repeat(np.eye(2, dtype=np.float32), 6, axis=0), 5),
        (np.eye(6, dtype=np.float32), 6),
        (np.eye(6, dtype=np.float32), 1),
    ],
    ids=["all-equal", "fewer-places-than-clusters", "each-its-own", "one"],
)
def test_empty_and_full_clusters_give_finite_centroids(samples, k):
    centroids, assignment = (part.numpy() for part in kmeans(samples, k, SEED))
    assert centroids.shape == (k, samples.shape[1])
    assert np.isfinite(centroids).all()
    assert ((assignment >= 0) & (assignment < k)).all()
    places = len(np.unique(samples, axis=0))
    if k >= places:
        # A cluster without samples stays where it was: at a sample, not at the middle of all.
        assert _inertia(centroids, samples) == pytest.approx(0, abs=1e-8)
        assert _inertia(samples, centroids) == pytest.approx(0, abs=1e-8)


def test_central_samples_are_samples_and_the_nearest_ones():
    samples = _digits()
    centroids = kmeans(samples, 25, SEED)[0].numpy()
    central = central_samples(samples, centroids).numpy()
    slow = [((samples - centre) ** 2).sum(-1).argmin() for centre in centroids]
    np.testing.assert_array_equal(central, samples[slow])


def test_a_central_sample_is_of_its_own_cluster_where_the_assignment_is_given():
    samples = np.array([[0.0], [4.0], [5.0], [9.0]], np.float32)
    centroids = np.array([[3.0], [7.0], [100.0]], np.float32)
    assignment = np.array([0, 1, 1, 0], np.int32)
    own = central_samples(samples, centroids, assignment).numpy()
    # 4 is nearest to the first centroid, but of the second; the third cluster is empty.
    np.testing.assert_array_equal(own, [[0.0], [5.0], [9.0]])
    anyone = central_samples(samples, centroids).numpy()
    np.testing.assert_array_equal(anyone, [[4.0], [5.0], [9.0]])


@pytest.mark.parametrize("iterations", [0, 1, 3, 300])
def test_lloyds_algorithm_is_the_slow_one_step_by_step(iterations):
    samples = _digits()[:400] - 0.5
    slow = samples[:20].astype(np.float64)
    for _ in range(iterations):
        nearest = ((samples[:, None] - slow[None]) ** 2).sum(-1).argmin(-1)
        slow = np.array([samples[nearest == number].mean(0) for number in range(20)])
    centroids, assignment = _lloyd(tf.constant(samples), tf.constant(samples[:20]), iterations)
    np.testing.assert_allclose(centroids, slow, atol=1e-5)
    nearest = ((samples[:, None] - slow[None]) ** 2).sum(-1).argmin(-1)
    np.testing.assert_array_equal(assignment, nearest)


def test_a_batch_of_sets_is_clustered_as_each_alone():
    samples = _digits()[:600].reshape(3, 200, 64)
    seeds = np.array([[1, 2], [1, 2], [5, 6]], np.int32)
    specs = tf.TensorSpec((10, 64), tf.float32), tf.TensorSpec((200,), tf.int32)
    together = tf.function(
        lambda sets, seeds: tf.map_fn(
            lambda row: kmeans(row[0], 10, row[1]),
            (sets, seeds),
            fn_output_signature=specs,
            parallel_iterations=2,
        )
    )(tf.constant(samples), tf.constant(seeds))
    for number, (own, seed) in enumerate(zip(samples, seeds, strict=True)):
        for batched, alone in zip(together, kmeans(own, 10, seed), strict=True):
            np.testing.assert_array_equal(batched[number], alone)


def test_the_graph_holds_nothing_that_a_stock_server_lacks(tmp_path):
    samples = _digits()[:200]

    @tf.function(input_signature=[tf.TensorSpec((200, 64)), tf.TensorSpec((2,), tf.int32)])
    def endpoint(samples, seed):
        centroids, _ = kmeans(samples, 10, seed)
        return {"samples": central_samples(samples, centroids)}

    graph = endpoint.get_concrete_function().graph.as_graph_def()
    nodes = [*graph.node, *(node for part in graph.library.function for node in part.node_def)]
    operations = {node.op for node in nodes}
    assert not {"PyFunc", "EagerPyFunc", "XlaCallModule", "XlaLaunch"} & operations
    assert not any(
        node.attr["_XlaMustCompile"].b for node in nodes if "_XlaMustCompile" in node.attr
    )
    # Chance comes from the seed that is given and from nowhere else.
    assert {name for name in operations if "Random" in name} <= {
        name for name in operations if name.startswith("Stateless")
    }
    module = tf.Module()
    module.endpoint = endpoint
    tf.saved_model.save(module, str(tmp_path / "1"))
    loaded = tf.saved_model.load(str(tmp_path / "1"))
    given = tf.constant(samples), tf.constant(SEED)
    np.testing.assert_array_equal(loaded.endpoint(*given)["samples"], endpoint(*given)["samples"])
