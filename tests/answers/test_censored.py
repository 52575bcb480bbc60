"""Posteriors of which small ones are hidden are not taken for exact ones."""

import itertools

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from tests.answers.samples import dirichlet
from ulk_tf.answers.form import EXACT, Form
from ulk_tf.answers.interpret import interpret


def normalised(values):
    return values / values.sum(axis=1, keepdims=True)


def printed(values, digits):
    """Text of so many significant digits, as numbers."""
    return np.array([[float(f"{one:.{digits}g}") for one in row] for row in values])


def printed_by(digits):
    return lambda values: printed(values, digits)


SURE = dirichlet(1, 0.1, 100)
HIDDEN = {
    "set to 0": lambda p: np.where(p < 1e-5, 0, p),
    "set to 0 and normalised": lambda p: normalised(np.where(p < 1e-3, 0, p)),
    "clipped": lambda p: p.clip(1e-4, 1 - 1e-4),
    "clipped by so much that rows sum to more": lambda p: p.clip(5e-3, 1),
    "clipped and normalised": lambda p: normalised(p.clip(1e-3, 1)),
    "clipped, of six digits": lambda p: printed(normalised(p.clip(1e-3, 1)), 6),
    "set to 0, of six digits": lambda p: printed(normalised(np.where(p < 1e-3, 0, p)), 6),
    "clipped, to seven decimals": lambda p: normalised(p.clip(1e-3, 1)).round(7),
    "clipped, in half precision": lambda p: normalised(p.clip(1e-3, 1)).astype("f2").astype("f8"),
    "a floor added": lambda p: normalised(p + 1e-3).astype(np.float32).astype(np.float64),
    "a floor added, of six digits": lambda p: printed(normalised(p + 1e-3), 6),
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
    assert found.kind == "censored" and "hides its small posteriors" in " ".join(found.notes)
    np.testing.assert_allclose(found.posteriors, values, rtol=1e-6)
    form = Form.of((found,), (values,))
    assert form.defence == "" and "small ones are hidden" in form.words
    assert not EXACT.reads(form) and form.reads(form)
    # Noise that is clipped looks so, and an attack that was trained for it reads it.
    assert Form("noisy", noise=0.01).reads(form)
    assert not Form("rounded", step=0.01).reads(form)


LOGITS = np.random.default_rng(5).normal(0, 4, (100, 10))
FILLED = {
    "a least logarithm": lambda z: log_softmax(z, axis=1).clip(np.log(1e-3)),
    "a filler for all but the top": lambda z: np.where(z >= np.sort(z)[:, -3:-2], z, -100.0),
    "an unlikely filler": lambda z: np.where(z >= np.sort(z)[:, -5:-4], z, -9999.0),
    "clipped": lambda z: z.clip(-5, 5),
    "never below 0": lambda z: z.clip(0),
    "a largest negative logarithm": lambda z: np.minimum(-log_softmax(z, axis=1), 10),
    "a floor added": lambda z: np.log(softmax(z, axis=1) + 1e-3),
    "of base 10": lambda z: np.log10(softmax(z, axis=1).clip(1e-3)),
}


@pytest.mark.parametrize("how", FILLED)
def test_small_logits_are_hidden(how):
    values = FILLED[how](LOGITS).astype(np.float32).astype(np.float64)
    found = interpret(values)
    assert found.kind == "censored" and found.logits is None
    assert "hides its small posteriors" in " ".join(found.notes)
    form = Form.of((found,), (values,))
    assert not EXACT.reads(form) and form.defence == ""


@pytest.mark.parametrize("scale", [0.01, 1, 4, 15])
@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_exact_logits_are_not(scale, classes):
    for seed in range(6):
        random = np.random.default_rng(seed)
        normal, even = random.normal(0, scale, (60, classes)), random.uniform(-1, 1, (60, classes))
        for logits in (normal, scale * even):
            values = logits.astype(np.float32).astype(np.float64)
            values[:, 0] -= 0 if classes < 10 else 1e9  # one class is masked
            assert interpret(values).kind == "logits"
            assert interpret(np.concatenate([values] * 3)).kind == "logits"


@pytest.mark.parametrize("stored", [lambda p: p.round(7), lambda p: p.round(4), printed_by(6)])
def test_rounding_alone_hides_nothing(stored):
    for classes, scale, seed in itertools.product((3, 10, 100), (0.01, 1, 4, 7), range(4)):
        logits = np.random.default_rng(seed).normal(0, scale, (60, classes))
        assert interpret(stored(softmax(logits, axis=1))).kind == "rounded"


def test_a_threshold_is_no_top_k():
    """Another number of classes is left of each sample."""
    cut = np.where(softmax(LOGITS, axis=1) < 0.01, 0, softmax(LOGITS, axis=1))
    for values in (cut, printed(cut, 6), cut.round(5), np.stack([cut, cut])):
        form = Form.of((interpret(values),), (values,))
        assert (form.kind, form.step) == ("threshold", interpret(values).step)
        assert 0.01 <= form.least < 0.0105 and form.defence.startswith("threshold:0.01")
        assert not EXACT.reads(form) and form.reads(form) and form.reads(EXACT)
        assert Form.from_json(form.as_json()) == form and form.floor == form.least
        finer, coarser = (Form("threshold", least=least) for least in (0.001, 0.1))
        assert not finer.reads(form) and coarser.reads(form) and not form.reads(coarser)
    # Rounding leaves other numbers of the top three, which is no threshold.
    top = np.where(np.sort(LOGITS)[:, -3:-2] <= LOGITS, softmax(3 * LOGITS, axis=1), 0).round(4)
    assert Form.of((interpret(top),), (top,)) == Form("top-k", step=1e-4, kept=3)


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
@pytest.mark.parametrize("ahead", [0.0, 1.5])
def test_a_classifier_that_has_learned_nothing_hides_nothing(scale, classes, ahead):
    # It answers about the same for all samples, be that even or not.
    logits = np.random.default_rng(4).normal(0, scale, (100, classes)).astype(np.float32)
    logits[:, -1] += ahead
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
