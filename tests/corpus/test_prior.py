"""Class prior of updating sets: a side's own, and known to the guesses beside an attack."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.corpus.settings import built, designs, digits, folder_of, tiny
from tests.evaluation import fakes
from ulk_tf.corpus.plan import prior_of
from ulk_tf.errors import UserError
from ulk_tf.evaluation.asked import Asked
from ulk_tf.settings.keys import update_key
from ulk_tf.settings.presets import experiment

SINGLE = {"set_size": 1, "label_skew": None}


def test_a_side_s_sets_follow_its_prior(tmp_path: Path) -> None:
    (adversary, owner) = designs(tmp_path, **SINGLE, shadow_label_prior=1.0, training_updates=900)
    prior = prior_of(0, 1.0, 10)
    drawn = np.concatenate([adversary.plan[base].indices[:, 0] for base in adversary.updates])
    shares = np.bincount(digits().labels[drawn], minlength=10) / len(drawn)
    assert prior is not None and np.abs(shares - prior).max() < 0.04 < np.abs(shares - 0.1).max()
    # The owner's sets are those of a run without it.
    _, usual = designs(tmp_path, **SINGLE)
    for base, plan in usual.plan.items():
        np.testing.assert_array_equal(owner.plan[base].indices, plan.indices)
    assert adversary.prior is not None and owner.prior is None


def test_a_prior_is_part_of_a_corpus_s_name_where_it_is_given(tmp_path: Path) -> None:
    assert folder_of(tmp_path, 0, shadow_label_prior=1.0) != folder_of(tmp_path, 0)
    assert folder_of(tmp_path, 1, shadow_label_prior=1.0) == folder_of(tmp_path, 1)
    assert "label_prior" not in update_key(tiny(tmp_path).owner)
    assert update_key(tiny(tmp_path, label_prior=2.0).adversary)["label_prior"] == 2.0


def test_guesses_know_the_owner_s_prior(tmp_path: Path) -> None:
    corpus = built(tmp_path, label_prior=1.0, training_updates=2, target_updates=2)
    asked = Asked(fakes.label_attack(), corpus, 0, "label_distribution")
    np.testing.assert_allclose(asked.prior, prior_of(0, 1.0, 10), atol=1e-6)
    # Guesses know the prior of the samples where another is the adversary's wrong assumption.
    usual = replace(asked, corpus=replace(corpus, prior=None))
    assert np.abs(usual.prior - 0.1).max() < 0.02


@pytest.mark.parametrize("attack", ["ssr", "msr"])
@pytest.mark.parametrize("flag", ["label_prior", "shadow_label_prior"])
def test_other_attacks_have_guesses_that_know_none(attack: str, flag: str) -> None:
    with pytest.raises(UserError, match=f"no --label_prior for {attack}"):
        experiment(attack, **{flag: 1.0})
