"""Baselines clustered as the attack clusters: what they may know, and nearer than k-means."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ulk_tf.evaluation.matched_baselines import MatchedShadow
from ulk_tf.evaluation.metrics import matched_mse
from ulk_tf.evaluation.msr_baselines import LabelOracleClustering, shadow_clustering


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.data))
    return (data.data[order] / 16).astype(np.float32), data.target[order].astype(np.int32)


def _mean_error(answers, sets):
    return np.mean([matched_mse(one, answer) for answer, one in zip(answers, sets, strict=True)])


def test_without_labels_sets_are_nearer_than_to_k_means(digits):
    samples, labels = digits
    start = shadow_clustering(samples[:900], 10, 0)[0]
    centroids, central = MatchedShadow(samples[:900], labels[:900], 0).without_labels(start)
    sets = samples[900:1700].reshape(80, 10, 64)
    assert _mean_error([centroids] * 80, sets) < 0.96 * _mean_error([start] * 80, sets)
    assert all((samples[:900] == one).all(-1).any() for one in central)


def test_true_labels_help_and_more_so_when_matched(digits):
    samples, labels = digits
    shadow, known = samples[:900], labels[:900]
    matched, oracle = MatchedShadow(shadow, known, 0), LabelOracleClustering(shadow, known, 0)
    sets = samples[900:1700].reshape(80, 10, 64)
    counts = [np.bincount(own, minlength=10) for own in labels[900:1700].reshape(80, 10)]
    starts = [oracle.reconstruct(count)[0] for count in counts]
    found = [
        matched.with_labels(start, count)[0] for start, count in zip(starts, counts, strict=True)
    ]
    without = matched.without_labels(shadow_clustering(shadow, 10, 0)[0])[0]
    assert _mean_error(found, sets) < _mean_error(starts, sets)
    assert _mean_error(found, sets) < 0.8 * _mean_error([without] * 80, sets)


def test_a_class_of_which_there_is_nothing_is_drawn_from_all(digits):
    samples, labels = digits
    kept = labels != 9
    matched = MatchedShadow(samples[kept], labels[kept], 0)
    found = matched.with_labels(samples[:3], np.eye(10, dtype=int)[9] * 3)[0]
    assert found.shape == (3, 64)
    assert np.isfinite(found).all()


def test_fewer_samples_than_centroids(digits):
    samples, labels = digits
    matched = MatchedShadow(samples[:4], labels[:4], 0)
    centroids, central = matched.without_labels(samples[:10])
    assert centroids.shape == central.shape == (10, 64)
    counts = np.bincount(labels[:4], minlength=10) * 2
    assert np.isfinite(matched.with_labels(samples[:8], counts)[0]).all()
