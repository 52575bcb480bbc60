"""Rounded posteriors that were scaled to a sum of 1 are read as they were rounded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers.samples import dirichlet
from ulk_tf.answers.interpret import interpret
from ulk_tf.answers.normalised import undo_normalising


@given(
    st.integers(0, 10**6),
    st.integers(2, 5),
    st.sampled_from([0.2, 1.0, 5.0]),
    st.sampled_from([3, 10, 40]),
    st.sampled_from([np.float32, np.float64]),
)
def test_what_was_rounded_is_had_again(seed, decimals, alpha, classes, kind):
    rounded = dirichlet(seed, alpha, 40, classes).round(decimals)
    told = (rounded / rounded.sum(axis=1, keepdims=True)).astype(kind).astype(np.float64)
    found = interpret(told)
    assert (found.kind, found.step) == ("rounded", 10.0**-decimals)
    # A row of which each number is a multiple of two steps may have been rounded otherwise.
    same = np.isclose(found.posteriors, rounded, atol=1e-6).all(axis=1)
    assert same.mean() > 0.9
    np.testing.assert_allclose(found.posteriors, told, atol=classes * 10.0**-decimals)


@pytest.mark.parametrize("alpha", [0.1, 1.0, 20.0])
@pytest.mark.parametrize("classes", [3, 10])
def test_exact_posteriors_are_no_rounded_ones(alpha, classes):
    for seed in range(30):
        values = dirichlet(seed, alpha, 2 + seed % 12, classes)
        assert undo_normalising(values) is None
        assert undo_normalising(values.astype(np.float32).astype(np.float64)) is None


def test_the_note_says_so():
    rounded = dirichlet(0, 0.2, 40).round(3)
    notes = interpret(rounded / rounded.sum(axis=1, keepdims=True)).notes
    assert any("scales rounded answers to a sum of 1; that was undone" in note for note in notes)


def test_digits_that_were_cut_off_before_scaling():
    cut = np.floor(dirichlet(1, 2.0, 60) * 1000) / 1000
    found = interpret(cut / cut.sum(axis=1, keepdims=True))
    assert (found.kind, found.step) == ("rounded", 1e-3)
