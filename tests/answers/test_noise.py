"""Noise on posteriors is left, and not taken for logits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from tests.answers.samples import dirichlet
from ulk_tf.answers.interpret import interpret, interpret_both
from ulk_tf.answers.readings import are_logits, noise_of
from ulk_tf.errors import UserError

SEEDS = st.integers(0, 10**6)


@given(SEEDS, st.sampled_from([1e-4, 1e-3, 1e-2, 0.03]), st.sampled_from([0.1, 0.5, 1.0]))
def test_noise_is_left_and_not_taken_for_logits(seed, deviation, alpha):
    exact = dirichlet(seed, alpha)
    exact[:, 0] = 0
    exact /= exact.sum(1, keepdims=True)
    values = exact + np.random.default_rng(seed + 1).normal(0, deviation, exact.shape)
    assert values.min() < 0
    found = interpret(values)
    assert found.kind == "noisy"
    np.testing.assert_array_equal(found.posteriors, values.astype(np.float32))
    assert deviation / 3 < found.noise < 3 * deviation


@pytest.mark.parametrize("deviation", [0.001, 0.05])
@pytest.mark.parametrize("decimals", [None, 4])
def test_noise_that_was_clipped_or_made_to_sum_to_1_or_rounded(deviation, decimals):
    exact = dirichlet(0, 0.1, 50)
    noisy = exact + np.random.default_rng(1).normal(0, deviation, exact.shape)
    for values in (noisy.clip(0, 1), noisy / noisy.sum(1, keepdims=True)):
        given_values = values if decimals is None else values.round(decimals)
        found = interpret(given_values)
        assert found.kind == "noisy"
        assert found.step == (0 if decimals is None else 1e-4)
        np.testing.assert_array_equal(found.posteriors, given_values.astype(np.float32))


@pytest.mark.parametrize("draws", [1500, pytest.param(20_000, marks=pytest.mark.slow)])
def test_noise_and_logits_by_brute_force(draws):
    """Any number of rows and classes, any sharpness, noise up to 0.05, logits of any width."""
    random, wrong = np.random.default_rng(draws), {"noise": 0, "logits": 0}
    for _ in range(draws):
        rows, classes = random.choice([6, 20, 100]), random.choice([2, 3, 10, 100])
        exact = random.dirichlet(np.full(classes, random.choice([0.01, 0.1, 1, 5])), rows)
        noise = random.choice([0.003, 0.01, 0.03, 0.05])
        values = exact + random.normal(0, noise, exact.shape)
        wrong["noise"] += noise_of(values) is None and are_logits(values, 0)
        scores = random.normal(0, random.choice([0.3, 1, 3, 10]), exact.shape)
        if random.random() < 0.5:
            scores = np.log(np.maximum(exact, 1e-30)) + random.choice([0, 1, -3])
        wrong["logits"] += noise_of(scores) is not None
    assert wrong["noise"] <= draws / 10_000
    assert wrong["logits"] <= draws / 1000


def test_noise_in_one_version_that_looks_like_logits_is_noise_in_both(monkeypatch):
    random = np.random.default_rng(3)
    exact = dirichlet(3, 0.1, 6)
    before, after = (exact + random.normal(0, 0.02, exact.shape) for _ in range(2))
    doubted = interpret(np.log(exact + 1e-3))  # what one version alone might be taken for
    monkeypatch.setattr(
        "ulk_tf.answers.interpret.interpret",
        lambda values, classes=None: doubted if values is after else interpret(values, classes),
    )
    first, second = interpret_both(before, after)
    assert (first.kind, second.kind) == ("noisy", "noisy")
    np.testing.assert_array_equal(first.posteriors, before.astype(np.float32))
    np.testing.assert_array_equal(second.posteriors, after.astype(np.float32))


@pytest.mark.parametrize("rows", [50, 100])
def test_sigmoids_of_one_class_against_the_others_are_no_noise(rows):
    # Calibrated ones sum to 1 on average, and none is ever below 0.
    samples, labels = load_digits(return_X_y=True)
    units = OneVsRestClassifier(LogisticRegression(max_iter=500)).fit(samples[:600], labels[:600])
    scores = 1 / (1 + np.exp(-units.decision_function(samples[600 : 600 + rows])))
    sums = scores.sum(1)
    assert abs(sums.mean() - 1) < 3 * sums.std() / np.sqrt(rows)
    for values in (scores, scores.round(3)):
        assert noise_of(values) is None
        with pytest.raises(UserError, match="Independent sigmoids"):
            interpret(values)
