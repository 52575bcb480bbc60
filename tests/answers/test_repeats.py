"""Noise between answers to the same samples, and what arithmetic explains of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers.samples import dirichlet
from ulk_tf.answers.form import Form
from ulk_tf.answers.interpret import asked_again, interpret
from ulk_tf.answers.repeats import noise_between

SEEDS = st.integers(0, 10**6)


def noisy(exact, seed, deviation):
    """Answers with noise that keeps sums, which no single answer shows."""
    moved = exact + np.random.default_rng(seed).normal(0, deviation, exact.shape)
    moved = moved.clip(0)
    return moved / moved.sum(1, keepdims=True)


def softmax(logits):
    raised = np.exp(logits - logits.max(1, keepdims=True))
    return raised / raised.sum(1, keepdims=True)


@given(SEEDS, st.sampled_from([1e-4, 1e-3, 1e-2]), st.integers(2, 10))
def test_noise_is_measured_and_means_have_less(seed, deviation, repeats):
    exact = dirichlet(seed, 0.3)
    each = np.stack([noisy(exact, seed + 1 + one, deviation) for one in range(repeats)])
    found = noise_between(each)
    assert deviation / 3 < found < 1.5 * deviation
    assert noise_between(each, repeats) == pytest.approx(found / repeats**0.5)


@given(SEEDS, st.sampled_from([0.0, 1e-4, 7e-4]))
def test_arithmetic_is_no_noise(seed, relative):
    """Logits that differ by a small share, and posteriors that float32 holds otherwise."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 4, (100, 10))
    other = logits + random.normal(0, relative, logits.shape)
    each = np.stack([softmax(logits), softmax(other).astype(np.float32)])
    assert noise_between(each) == 0
    assert noise_between(each[:1]) == 0


def test_coarser_arithmetic_is_noise_until_enough_of_it_is_averaged():
    random = np.random.default_rng(0)
    logits = random.normal(0, 4, (100, 10))
    each = np.stack([softmax(logits + random.normal(0, 0.01, logits.shape)) for _ in range(100)])
    assert noise_between(each[:2]) > 1e-4
    assert noise_between(each, 100) == 0


def test_nothing_but_zeros_is_no_noise():
    labels = np.stack([np.eye(3)[[0, 1, 2]], np.eye(3)[[0, 1, 1]]])
    assert noise_between(labels) > 0.1
    assert noise_between(np.zeros((2, 3, 3))) == 0


@pytest.mark.parametrize("kind", ["posteriors", "logits"])
def test_samples_that_were_asked_again_tell_the_noise(kind):
    exact = dirichlet(0, 0.3, 100)

    def answers(seed):
        values = noisy(exact, seed, 1e-3)
        return np.log(values + 1e-12) if kind == "logits" else values

    values = answers(1)
    read = interpret(values)
    assert (read.kind, read.noise) == (kind, 0)
    found = asked_again(read, values, answers(2)[:8])
    assert 3e-4 < found.noise < 2e-3
    assert "differently each time" in found.notes[-1] and "--repeat=10" in found.notes[-1]
    np.testing.assert_array_equal(found.posteriors, read.posteriors)
    assert Form.of((found,), (values,)).kind == "noisy"
    assert asked_again(read, values, values[:8]) is read
    assert asked_again(read, values, None) is read


def test_repeats_tell_the_noise_of_their_mean():
    exact = dirichlet(0, 0.3, 100)
    each = np.stack([noisy(exact, one, 1e-3) for one in range(16)])
    found = interpret(each)
    assert 1e-4 < found.noise < 3e-4 < found.spread
    assert "--repeat" not in found.notes[-1]
    assert Form.of((found,), (each,)).words.startswith("posteriors with noise of 0.000")
    assert asked_again(found, each, each[0, :8]) is found
