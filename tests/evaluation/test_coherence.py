"""Coherence against a slow loop, on exact cases, and on updates beside other classifiers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ulk_tf.evaluation.coherence import coherence


def slowly(before, after):
    """The share of squared logit movement that is the mean's, with loops."""
    probes, classes = before.shape
    moved = []
    for row in range(probes):
        logs = [
            [math.log(max(float(one[row, label]), 1e-30)) for label in range(classes)]
            for one in (before, after)
        ]
        centred = [[value - sum(log) / classes for value in log] for log in logs]
        moved.append([new - old for old, new in zip(*centred, strict=True)])
    mean = [sum(row[label] for row in moved) / probes for label in range(classes)]
    total = sum(value**2 for row in moved for value in row)
    return probes * sum(value**2 for value in mean) / total if total else 0.0


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(2, 5))
def test_it_is_what_a_loop_finds(seed, probes, classes):
    rng = np.random.default_rng(seed)
    before, after = rng.dirichlet(np.ones(classes), (2, probes))
    found = float(coherence(before, after))
    assert found == pytest.approx(slowly(before, after), abs=1e-9)
    assert -1e-9 <= found <= 1 + 1e-9


@given(st.integers(0, 2**32 - 1), st.floats(0.001, 1))
def test_one_shift_of_all_logits_is_all_in_common(seed, size):
    rng = np.random.default_rng(seed)
    logits, shift = rng.normal(size=(7, 4)), size * rng.normal(size=4)
    before, after = (
        np.exp(one) / np.exp(one).sum(1, keepdims=True) for one in (logits, logits + shift)
    )
    assert float(coherence(before, after)) == pytest.approx(1)


def test_many_updates_at_once_are_each_on_its_own():
    rng = np.random.default_rng(0)
    before, after = rng.dirichlet(np.ones(3), (2, 5, 4))
    after[2] = before[2]
    found = coherence(before, after)
    assert found.shape == (5,)
    assert found[2] == 0
    assert found == pytest.approx([slowly(*pair) for pair in zip(before, after, strict=True)])


def test_what_the_answers_do_not_tell_apart_moves_nothing():
    """Rounded to 2 decimals, one probe's 0 becomes 0.01: a jump of 60 logits that says nothing."""
    before = np.array([[0.5, 0.5, 0.0], [0.6, 0.4, 0.0], [0.7, 0.3, 0.0]])
    after = np.array([[0.55, 0.45, 0.0], [0.65, 0.35, 0.0], [0.74, 0.25, 0.01]])
    assert float(coherence(before, after)) < 0.5
    assert float(coherence(before, after, floor=0.01)) > 0.9
    # Labels are told apart by 1.
    labels = np.eye(3)
    assert 0 <= float(coherence(labels, labels[[1, 2, 0]], floor=1.0)) <= 1
