"""Centroids matched one for one: as near to sets as with the Hungarian algorithm, servable."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.special import logsumexp
from sklearn.datasets import load_digits

from ulk_tf.attacks.clustering import in_directions, kmeans, principal_directions
from ulk_tf.attacks.matching import (
    ROUNDS,
    TEMPERATURE,
    matched_with,
    random_sets,
    soft_matching,
)
from ulk_tf.evaluation.metrics import matched_mse

SEED = tf.constant([3, 5])


def _digits() -> np.ndarray:
    return (load_digits().data / 16).astype(np.float32)


def _halves() -> tuple[np.ndarray, np.ndarray]:
    samples = np.random.default_rng(0).permutation(_digits())
    return samples[:900], samples[900:]


def _error(centroids: np.ndarray, samples: np.ndarray, sets: int = 300) -> float:
    """Mean matched error against random sets of the samples."""
    rng = np.random.default_rng(1)
    k = len(centroids)
    return float(
        np.mean([matched_mse(samples[rng.choice(len(samples), k)], centroids) for _ in range(sets)])
    )


def matched_centroids(samples, start, seed, directions=None):
    """Centroids that are matched with random sets of the samples."""
    low = in_directions(samples, directions)
    first = start - tf.reduce_mean(samples, 0)
    first = first if directions is None else tf.matmul(first, directions)
    return matched_with(random_sets(len(samples), len(start), seed), samples, low, first)[0]


def _slow(samples: np.ndarray, centroids: np.ndarray, passes: int) -> np.ndarray:
    """The same with hard partners, set by set."""
    rng, k = np.random.default_rng(2), len(centroids)
    for _ in range(passes):
        sums = np.zeros_like(centroids)
        sets = rng.permutation(samples)[: len(samples) // k * k].reshape(-1, k, samples.shape[1])
        for one in sets:
            apart = ((centroids[:, None] - one[None]) ** 2).sum(-1)
            rows, columns = linear_sum_assignment(apart)
            sums[rows] += one[columns]
        centroids = sums / len(sets)
    return centroids


@pytest.mark.parametrize("k", [3, 10, 60])
def test_sets_are_as_near_as_by_the_hungarian_algorithm_and_nearer_than_by_k_means(k):
    samples, others = _halves()
    start = kmeans(samples, k, SEED)[0]
    ours = _error(matched_centroids(samples, start, SEED).numpy(), others)
    assert ours < 1.01 * _error(_slow(samples, start.numpy(), 8), others)
    assert ours < 0.98 * _error(start.numpy(), others)


def test_in_principal_directions_sets_are_as_near():
    small = _digits().reshape(-1, 8, 8)
    samples = np.kron(small, np.ones((1, 4, 4), np.float32)).reshape(len(small), -1)
    directions = principal_directions(samples)
    start = kmeans(samples[:900], 10, SEED)[0]
    whole, low = (
        _error(matched_centroids(samples[:900], start, SEED, given).numpy(), samples[900:])
        for given in (None, directions)
    )
    assert directions is not None
    assert low == pytest.approx(whole, rel=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(0, 2**31 - 1))
def test_clear_partners_are_found_and_each_centroid_has_one(k, seed):
    rng = np.random.default_rng(seed)
    places = rng.permutation(20)[:k] * 10.0
    own = rng.permutation(k)
    apart = (places[:, None] - places[own] - rng.uniform(-0.1, 0.1, k)) ** 2
    shares = soft_matching(tf.constant(apart[None], tf.float32))[0][0].numpy()
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-5)
    np.testing.assert_array_equal(shares.argmax(1), np.argsort(own))


@pytest.mark.parametrize("spread", [0.01, 1.0, 3.0])
def test_shares_are_those_of_rounds_by_logarithms_however_far_apart_samples_are(spread):
    rng = np.random.default_rng(0)
    ours, theirs = np.exp(spread * rng.normal(size=(2, 3, 7)))
    apart = (ours[:, :, None] - theirs[:, None]) ** 2
    scores = -apart / (TEMPERATURE * apart.mean())
    rows = columns = np.zeros(1)
    for _ in range(ROUNDS):
        columns = -logsumexp(scores + rows, -2, keepdims=True)
        rows = -logsumexp(scores + columns, -1, keepdims=True)
    shares = soft_matching(tf.constant(apart, tf.float32))[0].numpy()
    np.testing.assert_allclose(shares, np.exp(scores + rows + columns), atol=1e-3)


def test_prices_go_on_where_the_last_matching_ended():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=(2, 1, 7, 2))
    apart = tf.constant(((ours[:, :, None] - theirs[:, None]) ** 2).sum(-1), tf.float32)
    prices, off = None, []
    for _ in range(4):
        shares, prices = soft_matching(apart, prices, 8)
        off.append(float(abs(tf.reduce_sum(shares, 1) - 1).numpy().max()))
    assert off == sorted(off, reverse=True)
    assert off[-1] < 0.5 * off[0]


def test_samples_that_are_all_wanted_by_one_centroid_are_shared_out():
    apart = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [3.0, 6.0, 9.0]])
    shares = soft_matching(tf.constant(apart[None], tf.float32))[0][0].numpy()
    np.testing.assert_allclose(shares.sum(0), 1, atol=0.1)
    assert shares[0].argmax() == 2


@pytest.mark.parametrize(
    ("samples", "k"),
    [(np.ones((12, 3)), 4), (np.eye(6), 6), (np.eye(7), 3), (np.eye(6), 1)],
    ids=["all-equal", "each-its-own", "some-left-over", "one"],
)
def test_few_samples_give_finite_centroids_within_them(samples, k):
    samples = samples.astype(np.float32)
    found = matched_centroids(samples, samples[:k], SEED).numpy()
    assert found.shape == (k, samples.shape[1])
    assert (found >= -1e-6).all() and (found <= 1 + 1e-6).all()
    if k == 1:
        np.testing.assert_allclose(found[0], samples.mean(0), atol=1e-6)


def test_the_seed_decides_the_answer_and_a_graph_gives_the_same():
    samples = _digits()[:300]
    start = samples[:20]
    first = matched_centroids(samples, start, SEED).numpy()
    graph = tf.function(lambda seed: matched_centroids(samples, start, seed))
    np.testing.assert_array_equal(first, matched_centroids(samples, start, SEED))
    np.testing.assert_allclose(first, graph(SEED), atol=1e-5)
    assert not np.array_equal(first, matched_centroids(samples, start, SEED + 1))
