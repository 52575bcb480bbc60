"""Updating sets of several sizes: each update is what it would be in a corpus of its own size."""

from pathlib import Path

import numpy as np
import pytest

from tests.corpus.settings import DATASETS, designs, digits
from tests.corpus.test_plan import LABELS, rows
from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.pipeline import label_shares
from ulk_tf.errors import UserError
from ulk_tf.settings.presets import experiment
from ulk_tf.settings.update_config import sizes_of

BASE = BaseId("shadow", 0)


@pytest.mark.parametrize("skew", [None, 0.5])
def test_updates_take_sizes_in_turn(skew: float | None) -> None:
    mixed = rows(sizes=(2, 5, 10), skew=skew).indices
    assert mixed.shape == (30, 10)
    for turn, size in enumerate((2, 5, 10)):
        alone = rows(sizes=(size,), skew=skew).indices[turn::3]
        np.testing.assert_array_equal(mixed[turn::3, :size], alone)
        # Repeated, a set has the label distribution that it has.
        for own, whole in zip(alone, mixed[turn::3], strict=True):
            share, of_row = (
                np.bincount(LABELS[one], minlength=10) / len(one) for one in (own, whole)
            )
            np.testing.assert_allclose(of_row, share)


def test_posteriors_are_those_of_updates_of_their_own_size(tmp_path: Path) -> None:
    flags = {"training_updates": 8}
    (mixed, _), (ones, _), (threes, _) = (
        designs(tmp_path, **flags, **sizes)
        for sizes in ({"set_sizes": "1,3"}, {"set_size": 1}, {"set_size": 3})
    )
    weights = mixed.procedure.fit(digits().samples[:200], digits().labels[:200], 0)
    model = BaseModel(weights, 1.0, 1.0)
    every, one, three, later = (
        design.update_job(BASE, model, start, 8).run(DATASETS)
        for design, start in ((mixed, 0), (ones, 0), (threes, 0), (mixed, 3))
    )
    np.testing.assert_allclose(every["after"][0::2], one["after"][0::2], atol=1e-6)
    np.testing.assert_allclose(every["after"][1::2], three["after"][1::2], atol=1e-6)
    np.testing.assert_allclose(every["after"][3:], later["after"], atol=1e-6)
    np.testing.assert_array_equal(every["before"], one["before"])
    assert np.abs(every["after"][1::2] - one["after"][1::2]).max() > 1e-4
    assert len({design.folder for design in (mixed, ones, threes)}) == 3
    shares = label_shares(digits(), mixed.plan[BASE].indices)
    assert set(shares[0]) == {0, 1}


def test_the_owner_s_sets_stay_of_one_size() -> None:
    made = experiment("lde", dataset="mnist", shadow_set_sizes="10,50,100")
    assert made.owner.update.sizes == (100,)
    assert made.adversary.update.sizes == (10, 50, 100)
    assert experiment("lde", dataset="mnist").adversary.update.sizes == (100,)


@pytest.mark.parametrize("text", ["", "10,x", "0,10", "3,10", "1,2,4,8,16", "-5,10", "10,"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(UserError, match="that divide the largest"):
        sizes_of(text)


@pytest.mark.parametrize(
    ("attack", "words"),
    [("lde", "up to --set_size=100"), ("msr", "no sets of several sizes for msr")],
)
def test_mistakes(attack: str, words: str) -> None:
    sizes = "10,50" if attack == "lde" else "10,100"
    with pytest.raises(UserError, match=words):
        experiment(attack, dataset="mnist", shadow_set_sizes=sizes)
