"""Posteriors of which small ones are hidden are not taken for exact ones."""

import numpy as np
import pytest

from tests.answers.samples import dirichlet
from ulk_tf.answers.form import EXACT, Form
from ulk_tf.answers.interpret import interpret


def normalised(values):
    return values / values.sum(axis=1, keepdims=True)


SURE = dirichlet(1, 0.1, 100)
HIDDEN = {
    "set to 0": lambda p: np.where(p < 1e-5, 0, p),
    "set to 0 and normalised": lambda p: normalised(np.where(p < 1e-3, 0, p)),
    "clipped": lambda p: p.clip(1e-4, 1 - 1e-4),
    "clipped by so much that rows sum to more": lambda p: p.clip(5e-3, 1),
    "clipped and normalised": lambda p: normalised(p.clip(1e-3, 1)),
    "smoothed": lambda p: (0.9 * p + 0.01).astype(np.float32).astype(np.float64),
    "noise, clipped and normalised": lambda p: normalised(
        (p + np.random.default_rng(2).normal(0, 0.01, p.shape)).clip(0)
    ),
}


@pytest.mark.parametrize("how", HIDDEN)
@pytest.mark.parametrize("whole", [1, 100])
def test_small_posteriors_are_hidden(how, whole):
    values = HIDDEN[how](SURE)
    found = interpret(values * whole)
    assert found.kind == "censored" and "hides its small posteriors" in found.notes[-1]
    np.testing.assert_allclose(found.posteriors, values, rtol=1e-6)
    form = Form.of((found,), (values,))
    assert form.defence == "" and "small ones are hidden" in form.words
    assert not EXACT.reads(form) and form.reads(form)
    # Noise that is clipped looks so, and an attack that was trained for it reads it.
    assert Form("noisy", noise=0.01).reads(form)
    assert not Form("rounded", step=0.01).reads(form)


def test_of_two_classes():
    values = dirichlet(3, 0.1, 60, 2)
    assert interpret(values).kind == "posteriors"
    assert interpret(values.clip(0.01, 0.99)).kind == "censored"


@pytest.mark.parametrize("alpha", [0.1, 0.3, 3.0])
@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_exact_posteriors_are_not(alpha, classes):
    for seed in range(6):
        # Float32 does not know smaller numbers than these; softmax leaves 0 for them.
        values = dirichlet(seed, alpha, 30, classes).astype(np.float32).astype(np.float64)
        assert interpret(values).kind == "posteriors"
    twice = np.concatenate([values] * 3)
    assert interpret(twice).kind == "posteriors"


def test_noise_that_was_seen_is_what_they_are_called_by():
    assert Form("censored", noise=0.01).kind == "noisy"


@pytest.mark.parametrize("scale", [1e-4, 1e-2])
@pytest.mark.parametrize("classes", [3, 10, 100])
def test_a_classifier_that_has_learned_nothing_hides_nothing(scale, classes):
    logits = np.random.default_rng(4).normal(0, scale, (100, classes)).astype(np.float32)
    values = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert interpret(values.astype(np.float64)).kind == "posteriors"


@pytest.mark.parametrize("mean", [0.0, 6.0])
@pytest.mark.parametrize("scale", [5.0, 8.0, 15.0])
def test_a_sure_sigmoid_of_float32_hides_nothing(mean, scale):
    for seed in range(4):
        logits = np.random.default_rng(seed).normal(mean, scale, (100, 1)).astype(np.float32)
        one = (1 / (1 + np.exp(-logits))).astype(np.float64)
        assert interpret(one, 2).kind == "posteriors"


def test_the_surest_sample_of_two_classes_three_times():
    values = dirichlet(5, 0.5, 40, 2)
    again = values[np.r_[np.arange(40), [values.min(axis=1).argmin()] * 3]]
    assert interpret(again).kind == "posteriors"
