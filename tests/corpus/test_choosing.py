"""Chosen probes: those that tell most; from shadow updates alone, and nobody's samples move."""

from pathlib import Path

import numpy as np
import pytest

from tests.corpus.conftest import Asked
from tests.corpus.settings import built, designs, digits, tiny
from ulk_tf.corpus.choosing import UPDATES, choose, of_choice
from ulk_tf.corpus.updates import Updates
from ulk_tf.data.splits import split
from ulk_tf.errors import UserError
from ulk_tf.files import Array

LABELS = np.arange(300, dtype=np.int32) % 3


def moved(telling: dict[int, Array], candidates: int = 6) -> Updates:
    """Updates of one sample each; candidates of `telling` move as it says, others at random."""
    rng = np.random.default_rng(0)
    logits = 0.1 * rng.standard_normal((300, candidates, 3))
    for place, of_label in telling.items():
        logits[:, place] += of_label[LABELS]
    base = np.repeat(np.arange(2, dtype=np.int32), 150)
    before = np.full((2, candidates, 3), 1 / 3, np.float32)
    after = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    rows = np.arange(300, dtype=np.int32)[:, np.newaxis]
    return Updates(base, before, after.astype(np.float32), rows)


def test_the_candidates_that_tell_labels_are_chosen() -> None:
    first = np.eye(3)[:, [0, 0, 1]] - np.eye(3)[:, [1, 2, 2]]
    updates = moved({2: first, 4: first})
    assert set(choose(updates, LABELS, 3, 2)) == {2, 4}
    np.testing.assert_array_equal(choose(updates, LABELS, 3, 6), np.arange(6))


def test_one_that_tells_something_else_goes_before_one_that_tells_the_same() -> None:
    zero, one = (np.outer(np.eye(3)[label], [1, -1, 0]) for label in (0, 1))
    # The first two tell label 0, the strongest signal; only the third tells 1 from 2.
    updates = moved({0: 2 * zero, 1: 2 * zero, 5: one})
    chosen = set(choose(updates, LABELS, 3, 2))
    assert 5 in chosen and chosen & {0, 1}


@pytest.mark.slow
def test_a_corpus_of_chosen_probes(tmp_path: Path, asked: Asked) -> None:
    flags = {"probes": "chosen", "n_probes": 6, "training_updates": 16, "target_updates": 4}
    chosen = built(tmp_path, **flags)
    # For the choice, shadow updates are asked about all candidates; then about the chosen ones.
    assert asked.look() == (4, 2 * 16 + (2 * 16 + 5 + 4))
    candidates = digits().samples[chosen.splits.probes]
    assert len(candidates) == 100
    alike = (candidates == chosen.probing_set[:, np.newaxis]).all((2, 3, 4))
    places = alike.argmax(1)
    assert alike.any(1).all() and places.tolist() != list(range(6))
    # The choice reads nothing of the owner: her updates and her defence do not change it.
    again = built(tmp_path, **flags | {"target_updates": 3}, defence="round:1", shadow_defence=None)
    np.testing.assert_array_equal(again.probing_set, chosen.probing_set)
    assert asked.look() == (0, 0)
    usual = designs(tmp_path, **flags | {"probes": None})
    for mine, theirs in zip(usual, designs(tmp_path, **flags), strict=True):
        assert mine.identity == theirs.identity
        for base in mine.plan:
            np.testing.assert_array_equal(mine.plan[base].indices, theirs.plan[base].indices)


def test_probes_are_chosen_on_some_updates_of_each_shadow_model(tmp_path: Path) -> None:
    for bases, updates, each in ((2, 40, 40), (8, 4_000, UPDATES // 8)):
        few = of_choice(tiny(tmp_path, training_bases=bases, training_updates=updates)).counts
        assert (few.training_bases, few.training_updates) == (bases, each)


def test_more_probes_than_may_be_chosen(tmp_path: Path) -> None:
    for probes, samples, words in (
        (100, 1797, "below the 100 candidates"),
        (None, 1797, "below the 100 candidates"),
        (1000, 70_000, "below the 1000 candidates"),
    ):
        with pytest.raises(UserError, match=words):
            split(tiny(tmp_path, probes="chosen", n_probes=probes), samples)
    large = split(tiny(tmp_path, probes="chosen", n_probes=30), 70_000)
    many = split(tiny(tmp_path, n_probes=1000), 70_000)
    np.testing.assert_array_equal(large.probes, many.probes)
    np.testing.assert_array_equal(large.shadow, many.shadow)
