"""The baselines of A_MSR know what they may know, and are as strong as they can be."""

import time

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from ulk_tf.evaluation import msr_baselines
from ulk_tf.evaluation.msr_baselines import (
    LabelOracleClustering,
    label_average,
    prior_counts,
    random_samples,
    shadow_clustering,
)


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    return (data.data / 16).astype(np.float32), data.target.astype(np.int32)


def _inertia(samples, centroids):
    return cdist(samples, centroids, "sqeuclidean").min(1).sum()


def _are_from(samples, pool):
    return all((pool == sample).all(-1).any() for sample in samples)


def test_shadow_clustering_is_k_means_and_its_central_samples(digits):
    shadow, _ = digits
    centroids, samples = shadow_clustering(shadow, 30, seed=1)
    theirs = KMeans(30, n_init=1, random_state=1).fit(shadow)
    assert _inertia(shadow, centroids) == pytest.approx(theirs.inertia_, rel=1e-3)
    nearest = cdist(theirs.cluster_centers_, shadow).argmin(1)
    np.testing.assert_array_equal(samples, shadow[nearest])
    assert centroids.dtype == samples.dtype == np.float32


def test_images_are_flattened(digits):
    shadow, labels = digits
    images = shadow.reshape(-1, 8, 8, 1)
    counts = np.full(10, 2)
    for flat, shaped in [
        (shadow_clustering(shadow, 5, 0)[0], shadow_clustering(images, 5, 0)[0]),
        (random_samples(shadow, 5, 0), random_samples(images, 5, 0)),
        (label_average(shadow, labels, counts), label_average(images, labels, counts)),
        (
            LabelOracleClustering(shadow, labels, 0).reconstruct(counts)[0],
            LabelOracleClustering(images, labels, 0).reconstruct(counts)[0],
        ),
    ]:
        np.testing.assert_array_equal(flat, shaped)


def test_more_clusters_than_samples_repeat_samples(digits):
    shadow, _ = digits
    for centroids, samples in [
        shadow_clustering(shadow[:4], 10, 0),
        LabelOracleClustering(shadow[:4], np.zeros(4, int), 0).reconstruct(np.array([10])),
    ]:
        assert centroids.shape == samples.shape == (10, 64)
        assert len(np.unique(samples, axis=0)) == 4
        assert _are_from(samples, shadow[:4])


def test_equal_samples_are_clustered_without_a_warning():
    shadow = np.repeat(np.eye(3, 4, dtype=np.float32), 10, axis=0)
    centroids, samples = shadow_clustering(shadow, 6, 0)
    assert np.isfinite(centroids).all()
    assert {tuple(row) for row in samples} <= {tuple(row) for row in shadow}
    assert _inertia(shadow, centroids) == pytest.approx(0, abs=1e-8)


def test_prior_counts_are_whole_sum_to_k_and_are_off_by_less_than_one():
    rng = np.random.default_rng(0)
    for k in (1, 7, 100):
        labels = rng.choice(5, 333, p=[0.5, 0.3, 0.1, 0.1, 0.0])
        counts = prior_counts(labels, k, classes=6)
        exact = np.bincount(labels, minlength=6) * k / len(labels)
        assert counts.sum() == k
        assert (np.abs(counts - exact) < 1).all()
        assert counts[5] == 0


def test_label_average_repeats_each_class_mean(digits):
    shadow, labels = digits
    answer = label_average(shadow, labels, np.array([2, 0, 1] + [0] * 7))
    means = [shadow[labels == label].mean(0) for label in (0, 0, 2)]
    np.testing.assert_allclose(answer, means, atol=1e-6)


def test_a_class_without_shadow_samples_gets_the_mean_of_all(digits):
    shadow, labels = digits
    known = labels != 3
    answer = label_average(shadow[known], labels[known], np.eye(10, dtype=int)[3])
    np.testing.assert_allclose(answer[0], shadow[known].mean(0), atol=1e-6)
    oracle = LabelOracleClustering(shadow[known], labels[known], 0)
    _, samples = oracle.reconstruct(np.eye(10, dtype=int)[3] * 5)
    assert samples.shape == (5, 64)
    assert _are_from(samples, shadow[known])


def test_random_samples_are_distinct_real_and_those_of_the_seed(digits):
    shadow = np.unique(digits[0], axis=0)
    first, again, other = (random_samples(shadow, 50, seed) for seed in (1, 1, 2))
    assert len(np.unique(first, axis=0)) == 50
    assert _are_from(first, shadow)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert random_samples(shadow[:3], 8, 0).shape == (8, 64)


def test_the_oracle_gives_each_class_its_count_from_its_own_samples(digits):
    shadow, labels = digits
    counts = np.array([3, 0, 1, 0, 0, 7, 0, 0, 0, 2])
    centroids, samples = LabelOracleClustering(shadow, labels, 0).reconstruct(counts)
    assert centroids.shape == samples.shape == (13, 64)
    start = 0
    for label, count in enumerate(counts):
        own = samples[start : start + count]
        assert _are_from(own, shadow[labels == label])
        assert len(np.unique(own, axis=0)) == count
        start += count
    # One cluster of a class is the class' mean.
    np.testing.assert_allclose(centroids[3], shadow[labels == 2].mean(0), atol=1e-5)


def test_the_oracle_takes_a_set_of_nothing(digits):
    centroids, samples = LabelOracleClustering(*digits, seed=0).reconstruct(np.zeros(10, int))
    assert centroids.shape == samples.shape == (0, 64)


def test_knowing_the_labels_of_a_skewed_set_helps(digits):
    shadow, labels = digits[0][:900], digits[1][:900]
    true = digits[0][900:][digits[1][900:] == 4][:20]
    counts = np.eye(10, dtype=int)[4] * 20
    knowing = LabelOracleClustering(shadow, labels, 0).reconstruct(counts)[0]
    without = shadow_clustering(shadow, 20, 0)[0]
    assert cdist(true, knowing).min(1).mean() < 0.9 * cdist(true, without).min(1).mean()


def test_what_the_oracle_clusters_does_not_depend_on_the_order_of_the_shadow(digits, monkeypatch):
    shadow, labels = digits
    monkeypatch.setattr(msr_baselines, "ORACLE_SAMPLES", 40)
    order = np.argsort(shadow.sum(-1))
    own = shadow[order][labels[order] == 0]
    answer = LabelOracleClustering(shadow[order], labels[order], 0).reconstruct(np.array([1]))[0]
    # The first 40 of the sorted samples are the faintest; a random 40 are like all of them.
    faint = np.square(own[:40].mean(0) - own.mean(0)).sum()
    assert np.square(answer[0] - own.mean(0)).sum() < faint / 2


def _wide(digits):
    shadow, labels = digits
    noise = np.random.default_rng(0).random((len(shadow), 784), np.float32)
    wide = np.kron(shadow.reshape(-1, 8, 8), np.ones((1, 4, 4), np.float32))[:, 2:30, 2:30]
    return (wide.reshape(-1, 784) + 0.1 * noise)[labels == 3]


def test_principal_components_cost_the_oracle_nothing(digits):
    wide = _wide(digits)
    ours = LabelOracleClustering(wide, np.zeros(len(wide), int), 0).reconstruct(np.array([20]))[0]
    theirs = KMeans(20, n_init=1, random_state=0).fit(wide)
    assert _inertia(wide, ours) <= 1.02 * theirs.inertia_


@pytest.mark.parametrize("count", [1, 40, 150])
def test_components_keep_distances_as_the_best_projection_does(digits, count):
    wide = _wide(digits)[:count]
    low = msr_baselines._components(wide)
    exact = PCA(min(count, 64), svd_solver="full")
    kept = exact.fit_transform(wide) if count > 1 else np.zeros((1, 1))
    assert low.shape == (count, min(count, 64))
    np.testing.assert_allclose(cdist(low, low), cdist(kept, kept), atol=1e-3)


def test_the_first_answer_of_a_class_is_faster_than_decomposing_its_samples():
    # The size of a class of the largest shadow set that is clustered.
    wide = np.random.default_rng(0).random((600, 784), np.float32)

    def seconds(work):
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    def first():
        LabelOracleClustering(wide, np.zeros(600, int), 0).reconstruct(np.array([10]))

    with threadpool_limits(1):
        ours = min(seconds(first) for _ in range(3))
        assert ours < min(
            seconds(lambda: np.linalg.svd(wide, full_matrices=False)) for _ in range(3)
        )


def test_a_clustering_is_made_once(digits):
    wide = _wide(digits)
    oracle = LabelOracleClustering(wide, np.zeros(len(wide), int), 0)
    first = oracle.reconstruct(np.array([30]))
    start = time.perf_counter()
    for _ in range(20):
        again = oracle.reconstruct(np.array([30]))
    assert (time.perf_counter() - start) / 20 < 0.005
    np.testing.assert_array_equal(first[0], again[0])
