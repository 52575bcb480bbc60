"""Versions that answer in two forms are compared in the coarser one, or not at all."""

import numpy as np
import pytest
from scipy.special import softmax

from tests.answers.test_censored import printed
from ulk_tf.answers.form import Form
from ulk_tf.answers.interpret import interpret_both
from ulk_tf.auditing.one_form import compared

LOGITS = np.random.default_rng(0).normal(0, 2, (60, 10))
BEFORE = softmax(LOGITS, axis=1)
AFTER = softmax(LOGITS + np.random.default_rng(1).normal(0, 0.5, LOGITS.shape), axis=1)


def top(posteriors, count, whole=False):
    cut = np.where(posteriors >= np.sort(posteriors)[:, -count][:, None], posteriors, 0)
    return cut / cut.sum(axis=1, keepdims=True) if whole else cut


def above(posteriors, least):
    return np.where(posteriors < least, 0, posteriors)


PAIRS = {
    "exact and two decimals": (lambda p: p, lambda p: p.round(2)),
    "six decimals and two": (lambda p: p.round(6), lambda p: p.round(2)),
    "exact and three digits": (lambda p: p, lambda p: printed(p, 3)),
    "exact and half precision": (lambda p: p, lambda p: p.astype("f2").astype("f8")),
    "top five and top three": (lambda p: top(p, 5), lambda p: top(p, 3)),
    "both of six digits": (lambda p: printed(top(p, 5), 6), lambda p: printed(top(p, 3), 6)),
    "the same, each a whole": (lambda p: top(p, 5, True), lambda p: top(p, 3, True)),
    "two thresholds": (lambda p: above(p, 0.02), lambda p: above(p, 0.05)),
    "exact and a threshold": (lambda p: p, lambda p: above(p, 0.05)),
    "exact and top three": (lambda p: p, lambda p: top(p, 3)),
    "exact and labels": (lambda p: p, lambda p: (top(p, 1) > 0).astype(float)),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("turned", [False, True])
def test_only_what_moved_in_one_form_is_an_update(name, turned):
    finer, coarser = PAIRS[name][::-1] if turned else PAIRS[name]
    same = (finer(BEFORE), coarser(BEFORE))
    still = compared(interpret_both(*same), same)
    assert not still.resolution.exceeded and not still.resolution.still
    assert still.resolution.mixed
    moved = (finer(BEFORE), coarser(AFTER))
    found = compared(interpret_both(*moved), moved)
    assert found.resolution.exceeded and "made as coarse first" in found.note
    coarse = PAIRS[name][1]
    alike = coarse(BEFORE), coarse(AFTER)
    expected = interpret_both(*alike)
    for one, other in zip(found.pair, expected, strict=True):
        np.testing.assert_allclose(one.posteriors, other.posteriors, atol=1e-6)
    side = int(not turned)
    assert found.form == Form.of((expected[side],), (alike[side],))


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_in_one_form_is_left_as_it_is(name):
    for form in PAIRS[name]:
        raw = (form(BEFORE), form(AFTER))
        pair = interpret_both(*raw)
        found = compared(pair, raw)
        assert found.pair is pair and not found.note and not found.resolution.apart


@pytest.mark.parametrize("after", [BEFORE, AFTER])
@pytest.mark.parametrize(
    "coarse", [lambda p: np.floor(p * 255) / 255, lambda p: p.round(4)], ids=["bytes", "twice"]
)
def test_forms_that_no_defence_brings_together_are_undecided(after, coarse):
    """Rounding leaves other numbers than cutting off digits, and than rounding twice."""
    finer = after.round(2) if coarse(after[0, 0]) == after[0, 0].round(4) else after
    raw = (coarse(BEFORE), finer)
    found = compared(interpret_both(*raw), raw)
    assert not found.note and not found.resolution.exceeded and found.resolution.mixed
