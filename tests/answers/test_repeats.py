"""Noise between answers to the same samples, and what arithmetic explains of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers.samples import dirichlet
from ulk_tf.answers.form import Form
from ulk_tf.answers.interpret import asked_again, interpret
from ulk_tf.answers.repeats import noise_between, places_again

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


def printed(values, digits):
    return np.array([[float(f"{one:.{digits}g}") for one in row] for row in values])


# Ways to store noisy posteriors, and the kind of form that each leaves. Noise is told in all.
SOME = places_again(100, 32)
STORED = {
    "posteriors": (lambda values: values, "noisy"),
    "logits": (lambda values: np.log(values + 1e-12) - 3, "noisy"),
    "logits to 3 decimals": (lambda values: (np.log(values + 1e-6) - 3).round(3), "noisy"),
    "percent": (lambda values: 100 * values, "noisy"),
    "six digits": (lambda values: printed(values, 6), "noisy"),
    "three digits": (lambda values: printed(values, 3), "digits"),
    "float16": (lambda values: values.astype("f2").astype("f8"), "float16"),
    "four decimals": (lambda values: values.round(4), "rounded"),
}


@pytest.mark.parametrize("stored", STORED)
def test_samples_that_were_asked_again_tell_the_noise(stored):
    store, kind = STORED[stored]
    exact = dirichlet(0, 0.3, 100)
    values, other = (np.asarray(store(noisy(exact, seed, 3e-3)), float) for seed in (1, 2))
    read = interpret(values)
    found = asked_again(read, values, other[places_again(100, 8)])
    assert 1e-3 < found.noise < 6e-3 < found.spread
    assert "answers the same sample differently each time" in found.notes[-1]
    assert " ".join(found.notes).count("--repeat=10") == 1
    np.testing.assert_array_equal(found.posteriors, read.posteriors)
    form = Form.of((found,), (values,))
    assert form.kind == kind and form.noise == found.noise
    if kind == "noisy":
        assert form.step == 0 and form.defence == f"noise:{form.noise:.2g}"
    quiet = Form.of((read,), (values,))
    assert not quiet.reads(form) and not Form().reads(form)
    assert asked_again(read, values, values[places_again(100, 8)]) is read
    assert asked_again(read, values, None) is read


@pytest.mark.parametrize("answer", [np.log2, np.log10, lambda one: -np.log(one)])
def test_logarithms_that_were_asked_again_have_no_noise(answer):
    exact = dirichlet(0, 0.3, 100) + 1e-9
    exact /= exact.sum(1, keepdims=True)
    values = answer(exact)
    read = interpret(values)
    again = values[SOME] * (1 + 1e-9)
    assert read.kind == "logits" and asked_again(read, values, again).noise == 0


def test_differences_that_are_no_noise_count_for_the_resolution():
    """Few posteriors that differ, or all by little: the largest difference is known."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, (100, 10))
    values = softmax(logits)
    again = softmax(logits[SOME] + random.uniform(-1e-4, 1e-4, (32, 10)))
    found = asked_again(interpret(values), values, again)
    assert found.noise == 0 and 1e-6 < found.spread < 2e-4
    assert "differ by up to" in found.notes[-1] and "noise of" not in found.notes[-1]
    again = values[SOME].copy()
    again[3] = again[4]
    found = asked_again(interpret(values), values, again)
    assert found.noise == 0 and found.spread > 0.1


@pytest.mark.parametrize("kind", ["zeros", "sigmoids", "logits"])
def test_second_answers_of_another_kind_are_told(kind):
    values = dirichlet(0, 0.3, 100)
    again = {
        "zeros": np.zeros((8, 10)),
        "sigmoids": np.full((8, 10), 0.7),
        "logits": np.random.default_rng(0).normal(0, 5, (8, 10)),
    }[kind]
    found = asked_again(interpret(values), values, again)
    assert "could not be read as the first ones were (posteriors)" in found.notes[-1]
    assert found.spread == 1, "so that no movement counts"


def test_noise_that_is_the_same_each_time_is_not_forgotten():
    random = np.random.default_rng(0)
    values = dirichlet(0, 0.3, 100) + random.normal(0, 0.05, (100, 10))
    read = interpret(values)
    found = asked_again(read, values, values[SOME] + random.normal(0, 1e-3, (32, 10)))
    assert read.kind == "noisy" and found.noise == read.noise > 0.02
    assert " ".join(found.notes).count("--repeat=10") == 1


@pytest.mark.parametrize(("same", "fresh"), [(0.05, 3e-3), (0.05, 5e-4), (0.02, 1e-3)])
def test_repeats_do_not_average_noise_that_is_the_same_each_time(same, fresh):
    random = np.random.default_rng(0)
    values = dirichlet(0, 0.3, 100) + random.normal(0, same, (100, 10))
    each = np.stack([values + random.normal(0, fresh, values.shape) for _ in range(10)])
    found = interpret(each)
    assert found.kind == "noisy" and same / 2 < found.noise < 1.5 * same


def test_repeats_tell_the_noise_of_their_mean():
    exact = dirichlet(0, 0.3, 100)
    each = np.stack([noisy(exact, one, 1e-3) for one in range(16)])
    found = interpret(each)
    assert 1e-4 < found.noise < 3e-4 < found.spread
    assert "--repeat" not in found.notes[-1] and "in the mean" in found.notes[-1]
    assert Form.of((found,), (each,)).words.startswith("posteriors with noise of 0.000")
    assert asked_again(found, each, each[0, :8]) is found
