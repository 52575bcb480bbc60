"""Posteriors in other units that sum to no whole: cut, noisy; and what logits are not."""

import numpy as np
import pytest

from tests.answers.samples import dirichlet
from ulk_tf.answers.interpret import interpret
from ulk_tf.errors import UserError

SURE, FLAT = dirichlet(4, 0.1, 60), dirichlet(5, 3.0, 60)


def top(values, kept):
    return np.where(values >= np.sort(values)[:, -kept][:, None], values, 0)


CUT = {
    "top 1": (lambda p: 100 * top(p, 1), "top-k"),
    "top 3": (lambda p: 100 * top(p, 3), "top-k"),
    "top 3 with a decimal": (lambda p: (100 * top(p, 3)).round(1), "top-k"),
    "per mille, top 3": (lambda p: np.rint(1000 * top(p, 3)), "top-k"),
    "bytes, top 3": (lambda p: np.rint(255 * top(p, 3)), "top-k"),
    "noise": (lambda p: 100 * p + np.random.default_rng(0).normal(0, 0.3, p.shape), "noisy"),
}


@pytest.mark.parametrize("how", CUT)
@pytest.mark.parametrize("values", [SURE, FLAT], ids=["sure", "flat"])
def test_no_row_need_sum_to_the_whole(how, values):
    change, kind = CUT[how]
    found = interpret(change(values))
    assert found.kind == kind
    assert "turned into 0 to 1" in found.notes[0]
    kept = found.posteriors >= np.sort(found.posteriors)[:, -1:]
    np.testing.assert_allclose(found.posteriors[kept], values[kept], atol=0.02)


@pytest.mark.parametrize("scale", [0.7, 1.0, 3.0])
@pytest.mark.parametrize("shift", [10.0, 1.0])
def test_logits_that_sum_to_about_a_hundred_are_logits(scale, shift):
    logits = np.random.default_rng(6).normal(0, scale, (100, int(100 / shift))) + shift
    assert interpret(logits).kind == "logits"


def test_positive_numbers_of_an_unknown_unit_are_not_taken_for_logits():
    values = 37.0 * SURE * np.random.default_rng(7).uniform(0.5, 1, (60, 1))
    with pytest.raises(UserError, match="an unknown unit are no posteriors"):
        interpret(values)


@pytest.mark.parametrize(("classes", "scale"), [(100, 5.0), (1000, 1.0), (50, 3.0)])
@pytest.mark.parametrize("whole", [False, True])
def test_positive_logits_of_many_classes_are_no_percent(classes, scale, whole):
    """Their rows may sum to anything, so that percent with a floor, or coarse, explain them too."""
    logits = np.maximum(np.random.default_rng(8).normal(0, scale, (100, classes)), 0)
    try:
        found = interpret(logits.round() if whole else logits)
    except UserError:
        return
    # Logits that are never below 0 hide what was.
    assert found.kind == ("logits" if whole else "censored")
    assert not any("turned into 0 to 1" in note for note in found.notes)


def test_percent_that_were_rounded_and_scaled():
    rounded = FLAT.round(3)
    found = interpret(100 * rounded / rounded.sum(axis=1, keepdims=True))
    assert (found.kind, found.step) == ("rounded", 1e-3)
    np.testing.assert_allclose(found.posteriors, rounded, atol=1e-6)
