"""Redrawn answers: other chance behind the same defence, for the adversary's updates alone."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpus.settings import built
from ulk_tf.attacks.logarithms import centred, logits
from ulk_tf.corpus import redrawn
from ulk_tf.corpus.redrawn import DRAWINGS, SPREAD, shifted

RANDOM = np.random.default_rng(0)
BEFORE, AFTER = RANDOM.dirichlet(np.full(5, 0.5), (2, 400))


def test_an_update_moves_shifted_logits_as_it_moved_the_others() -> None:
    before, after = (shifted(one, (3, 1)) for one in (BEFORE, AFTER))
    for one in (before, after):
        np.testing.assert_allclose(one.sum(-1), 1)
    moved = np.asarray(centred(np.log(BEFORE) - np.log(AFTER)))
    np.testing.assert_allclose(centred(np.log(before) - np.log(after)), moved, atol=1e-6)
    shift = np.asarray(logits(before)) - np.asarray(logits(BEFORE))
    # Centring takes one of five classes' worth of it.
    assert shift.std() == pytest.approx(SPREAD * (4 / 5) ** 0.5, rel=0.05)
    assert not np.array_equal(before, shifted(BEFORE, (3, 2)))


@given(st.integers(0, 4), st.integers(0, 9))
def test_a_posterior_of_0_stays_0(place: int, seed: int) -> None:
    certain = np.eye(5)[[place]]
    np.testing.assert_array_equal(shifted(certain, (seed,)), certain)


@pytest.mark.parametrize("text", ["round:2", "top_k:2", "label", "sticky_noise:0.01"])
def test_shadow_updates_are_drawn_several_times(home: Path, text: str) -> None:
    updates = built(home, defence=text).updates
    shadow = updates["shadow"]
    assert [len(one.drawings) for one in updates.values()] == [DRAWINGS, 1, 1]
    seen = {one.after[:].tobytes() for one in shadow.drawings}
    assert len(seen) == DRAWINGS
    for one in shadow.drawings:
        assert (one.form, one.by_update) == (shadow.form, shadow.by_update)
        np.testing.assert_array_equal(one.indices, shadow.indices)
    again = built(home, defence=text).updates["shadow"]
    assert {one.after[:].tobytes() for one in again.drawings} == seen
    some = np.array([5, 0, 7])
    for one, other in zip(shadow.take(some).drawings, shadow.drawings, strict=True):
        np.testing.assert_array_equal(one.pair(np.arange(3))[1], other.pair(some)[1])


@pytest.mark.parametrize("text", [None, "temperature:2", "digits:5", "noise:0.01"])
def test_exact_answers_and_new_noise_are_drawn_once(home: Path, text: str | None) -> None:
    assert built(home, defence=text).updates["shadow"].drawings[1:] == ()


def test_rounded_answers_without_a_shift_are_the_same(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redrawn, "SPREAD", 0.0)
    rounded = built(home, defence="round:2").updates["shadow"]
    assert len(rounded.drawings) == DRAWINGS
    for one in rounded.drawings:
        np.testing.assert_array_equal(one.after, rounded.after)
