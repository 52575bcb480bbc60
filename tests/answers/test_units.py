"""Posteriors in other units are read in 0 to 1."""

import numpy as np
import pytest
from scipy.special import softmax

from tests.answers.samples import dirichlet
from ulk_tf.answers.interpret import interpret
from ulk_tf.errors import UserError

SCALES = {
    "percent": (lambda p: p * 100, 0.0),
    "percent with a decimal": (lambda p: (p * 100).round(1), 0.001),
    "whole percent": (lambda p: np.rint(p * 100), 0.01),
    "bytes": (lambda p: np.rint(p * 255), 1 / 255),
    "quantized": (lambda p: np.rint(p * 256).clip(0, 255), 1 / 256),
    "quantized and signed": (lambda p: np.rint(p * 256).clip(0, 255) - 128, 1 / 256),
    "per mille": (lambda p: np.rint(p * 1000), 0.001),
}


@pytest.mark.parametrize("form", SCALES)
def test_other_units(form):
    change, step = SCALES[form]
    values = dirichlet(4, 1.0, 50)
    found = interpret(change(values))
    assert found.step == pytest.approx(step)
    assert np.abs(found.posteriors - values).max() <= step / 2 + 1e-6
    assert "turned into 0 to 1" in found.notes[0]
    assert found.posteriors.dtype == np.float32


@pytest.mark.parametrize("parts", [100, 255, 1000])
@pytest.mark.parametrize("cut", [np.floor, np.ceil])
def test_last_digits_that_are_cut_off(parts, cut):
    values = dirichlet(6, 0.5, 60)
    found = interpret(cut(values * parts) / parts)
    assert (found.kind, found.step) == ("rounded", pytest.approx(1 / parts))
    assert np.abs(found.posteriors - values).max() <= found.step + 1e-6
    if cut is np.floor and parts < 1000:
        whole = interpret(np.floor(values * parts))
        np.testing.assert_allclose(whole.posteriors, found.posteriors, atol=1e-6)


LOGARITHMS = {
    "to base 2": np.log2,
    "to base 10": np.log10,
    "negative logarithms;": lambda p: -np.log(p),
    "negative logarithms to base 2": lambda p: -np.log2(p),
    "negative logarithms to base 10": lambda p: -np.log10(p),
    "odds": lambda p: p / (1 - p),
}


@pytest.mark.parametrize("form", LOGARITHMS)
def test_logarithms_and_odds(form):
    values = dirichlet(7, 1.0, 30)
    found = interpret(LOGARITHMS[form](values))
    np.testing.assert_allclose(found.posteriors, values, atol=1e-6)
    assert form in found.notes[0]
    rounded = interpret(LOGARITHMS[form](values).round(4))
    np.testing.assert_allclose(rounded.posteriors, values, atol=3e-4)
    assert rounded.step > 0


@pytest.mark.parametrize("form", [*LOGARITHMS, "natural"])
@pytest.mark.parametrize("ahead", [9, 14, 20])
@pytest.mark.parametrize("classes", [2, 4, 10])
def test_sure_answers_are_read_to_their_own_base(form, ahead, classes):
    """Posteriors near 0 and 1 sum to about 1 to any base."""
    random = np.random.default_rng(classes)
    logits = random.normal(0, 0.5, (40, classes))
    logits[np.arange(40), random.integers(0, classes, 40)] += ahead
    values = softmax(logits, axis=1)
    # Logarithms of float64, as services and their JSON compute them.
    told = LOGARITHMS.get(form, np.log)(values)
    found = interpret(told)
    # Odds of small posteriors are about as large as these, and are read as a unit of them.
    assert found.kind == ("posteriors" if form == "odds" else "logits")
    np.testing.assert_allclose(found.posteriors, values, rtol=1e-5)
    if form == "odds":
        assert found.logits is None
        return
    assert found.notes[0].startswith("The target answers logits;") == (form == "natural")
    if form == "natural":
        for single in (told.astype(np.float32), told.astype(np.float32).astype(str)):
            assert interpret(single.astype(float)).notes == found.notes
    apart = found.logits - found.logits.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(apart, logits - logits.mean(axis=1, keepdims=True), rtol=1e-4)


@pytest.mark.parametrize("parts", [30, 10**6, 32767])
def test_counts_share_out_a_whole(parts):
    random = np.random.default_rng(8)
    counts = random.multinomial(parts, dirichlet(8, 0.3, 40)).astype(float)
    found = interpret(counts)
    np.testing.assert_allclose(found.posteriors, counts / parts, atol=1e-6)
    assert f"parts of {parts:g}" in found.notes[0]


def test_one_sigmoid_unit_in_percent():
    values = np.random.default_rng(1).random((20, 1)) * 100
    found = interpret(values, 2)
    np.testing.assert_allclose(found.posteriors[:, 1:], values / 100, rtol=1e-6)
    assert "percent" in found.notes[0] and "sigmoid" in found.notes[1]
    with pytest.raises(UserError, match="Where they are percent, let the target answer a hund"):
        interpret(values / 4, 2)
