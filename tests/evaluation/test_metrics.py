"""Metrics against brute force, SciPy, scikit-learn and slow versions."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats
from sklearn import metrics as theirs
from sklearn.datasets import load_digits

from ulk_tf.evaluation.metrics import (
    confusion_matrix,
    hits,
    kl_divergence,
    kl_published_scale,
    match,
    matched_mse,
    most_frequent_hits,
    mse,
    ssim,
)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(0, 2**31))
def test_matching_is_the_best_of_all_permutations(k, seed):
    rng = np.random.default_rng(seed)
    true, found = rng.random((2, k, 4))
    errors = [((true - found[list(p)]) ** 2).mean() for p in itertools.permutations(range(k))]
    assert matched_mse(true, found) == pytest.approx(min(errors))
    assert sorted(match(true, found)) == list(range(k))
    assert ((true - found[match(true, found)]) ** 2).mean() == pytest.approx(min(errors))


def test_a_shuffled_set_is_matched_to_itself():
    rng = np.random.default_rng(0)
    true = rng.random((100, 20), np.float32)
    order = rng.permutation(100)
    assert matched_mse(true, true[order]) == 0
    np.testing.assert_array_equal(order[match(true, true[order])], np.arange(100))


def test_each_reconstruction_is_used_once():
    # Both true samples are nearest the first reconstruction; only one may have it.
    true, found = np.array([[0.0], [0.1]]), np.array([[0.0], [1.0]])
    assert matched_mse(true, found) == pytest.approx(0.9**2 / 2)


@pytest.mark.parametrize("shape", [(5, 3), (3, 3), (4, 2)])
def test_sets_of_other_sizes_are_refused(shape):
    with pytest.raises(ValueError, match="one shape"):
        matched_mse(np.zeros((4, 3)), np.zeros(shape))


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 12), st.integers(0, 2**31))
def test_kl_is_scipys_and_its_published_scale_is_that_by_classes(classes, seed):
    rng = np.random.default_rng(seed)
    # Histograms, with zeros in them, against estimates without.
    true = rng.multinomial(10, np.full(classes, 1 / classes), 7) / 10
    predicted = rng.dirichlet(np.ones(classes), 7)
    expected = stats.entropy(true, predicted, axis=-1)
    np.testing.assert_allclose(kl_divergence(true, predicted), expected, atol=1e-9)
    np.testing.assert_allclose(kl_published_scale(true, predicted), expected / classes, atol=1e-9)


def test_kl_of_what_was_thought_impossible_is_large_and_finite():
    kl = kl_divergence(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert 10 < kl[0] < 100
    assert kl[1] == 0


def test_hits_are_scikit_learns_accuracies():
    rng = np.random.default_rng(0)
    true, probabilities = rng.integers(0, 6, 200), rng.dirichlet(np.ones(6), 200)
    assert hits(true, probabilities).mean() == pytest.approx(
        theirs.accuracy_score(true, probabilities.argmax(-1))
    )
    for k in (2, 3, 5):
        expected = theirs.top_k_accuracy_score(true, probabilities, k=k)
        assert hits(true, probabilities, k).mean() == pytest.approx(expected)
    assert hits(true, probabilities, 6).all()
    assert set(hits(true, probabilities)) == {0.0, 1.0}


def test_most_frequent_label_is_right_if_it_is_one_of_several():
    true = np.array([[0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [0.1, 0.2, 0.7]])
    named = np.eye(3)[[0, 1, 2, 2]]
    np.testing.assert_array_equal(most_frequent_hits(true, named), [1, 1, 0, 1])
    # Thirds in single precision are equal to thirds in double precision.
    thirds = np.full((1, 3), 1 / 3)
    thirds[0, 2] += 1e-9
    assert most_frequent_hits(thirds, np.eye(3)[:1]) == 1


def test_confusion_is_scikit_learns_with_classes_that_never_come():
    rng = np.random.default_rng(0)
    true, guess = rng.integers(0, 4, (2, 300))
    expected = theirs.confusion_matrix(true, guess, labels=range(6))
    np.testing.assert_array_equal(confusion_matrix(true, guess, 6), expected)


def test_mse_is_of_each_sample_whatever_its_shape():
    rng = np.random.default_rng(0)
    true, guess = rng.random((2, 5, 4, 4, 3), np.float32)
    slow = [
        theirs.mean_squared_error(a.ravel(), b.ravel()) for a, b in zip(true, guess, strict=True)
    ]
    np.testing.assert_allclose(mse(true, guess), slow, rtol=1e-6)
    np.testing.assert_allclose(mse(true.reshape(5, -1), guess.reshape(5, -1)), slow, rtol=1e-6)


def _slow_ssim(a, b, window):
    """Equation 13 of Wang et al. 2004, pixel by pixel where the whole window fits."""
    offsets = np.arange(window) - (window - 1) / 2
    bell = np.exp(-(offsets**2) / (2 * 1.5**2))
    weights = np.outer(bell, bell) / bell.sum() ** 2

    def local(image):
        whole = ndimage.correlate(image, weights, mode="constant")
        edge = window // 2
        return whole[edge : image.shape[0] - edge, edge : image.shape[1] - edge]

    first, second = 0.01**2, 0.03**2
    means = local(a), local(b)
    spread = local(a * a) - means[0] ** 2 + local(b * b) - means[1] ** 2
    shared = local(a * b) - means[0] * means[1]
    light = (2 * means[0] * means[1] + first) / (means[0] ** 2 + means[1] ** 2 + first)
    return (light * (2 * shared + second) / (spread + second)).mean()


@pytest.mark.parametrize(("side", "window"), [(8, 7), (11, 11), (28, 11), (3, 3)])
def test_ssim_is_the_papers_formula_with_a_window_that_fits(side, window):
    digits = load_digits().images / 16
    scale = -(-side // 8)
    images = np.kron(digits[:6], np.ones((1, scale, scale)))[:, :side, :side]
    pairs = list(zip(images[:3], images[3:], strict=True))
    own = ssim(images[:3, ..., None], images[3:, ..., None])
    slow = [_slow_ssim(a, b, window) for a, b in pairs]
    np.testing.assert_allclose(own, slow, atol=1e-4)


def test_ssim_of_colour_images_is_one_for_equals_and_falls_with_noise():
    rng = np.random.default_rng(0)
    images = rng.random((4, 32, 32, 3), np.float32)
    np.testing.assert_allclose(ssim(images, images), 1, atol=1e-5)
    little, much = (
        ssim(images, np.clip(images + s * rng.standard_normal(images.shape), 0, 1))
        for s in (0.05, 0.5)
    )
    assert (little > much + 0.2).all()
