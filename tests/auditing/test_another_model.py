"""Another model in the place of an update: nothing is claimed of it."""

import dataclasses

import numpy as np
import pytest

from tests.conftest import shared, small_corpus
from ulk_tf.answers.form import Form
from ulk_tf.auditing.another_model import looks_like_another, unchecked
from ulk_tf.auditing.answered import Answered
from ulk_tf.auditing.fit import check_fit
from ulk_tf.auditing.remedy import Export
from ulk_tf.evaluation.coherence import coherence
from ulk_tf.evaluation.movement import mean_movement
from ulk_tf.evaluation.seen_ranges import ranges
from ulk_tf.settings import presets

CONFIG = {"config": dataclasses.asdict(presets.experiment("li"))}
RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(20, 5))


def answered(*logits):
    pair = [np.exp(one) / np.exp(one).sum(1, keepdims=True) for one in logits]
    return Answered(*pair)


UPDATED = answered(LOGITS, LOGITS + RNG.normal(size=5) + 0.1 * RNG.normal(size=LOGITS.shape))
ANOTHER = answered(LOGITS, LOGITS + RNG.normal(size=LOGITS.shape))
SEEN = {"coherence": {"low": 0.5, "high": 1.0, "least_movement": 0.05}}


def test_what_all_probes_have_in_common_tells_an_update_from_another_model():
    assert looks_like_another(SEEN, Export("li", CONFIG), UPDATED) == ""
    said = looks_like_another(SEEN, Export("li", CONFIG), ANOTHER)
    assert "is common to all probes (trained on at least 50%)" in said
    assert "python -m ulk_tf train li --dataset=digits --update_method=retraining" in said


def test_who_was_trained_on_retraining_is_not_told_to_train_on_it():
    config = {"config": dataclasses.asdict(presets.experiment("li", update_method="retraining"))}
    said = looks_like_another(SEEN, Export("li", config), ANOTHER)
    assert "is another model" in said and "retraining" not in said


def test_a_smaller_movement_than_was_measured_tells_nothing():
    least = float(mean_movement(ANOTHER.before, ANOTHER.after))
    for more, told in ((1.01, False), (0.99, True)):
        seen = {"coherence": SEEN["coherence"] | {"least_movement": more * least}}
        assert (unchecked(seen, Export("li", {}), ANOTHER) == "") == told
    far = SEEN | {"coherence": {"low": 0.99, "high": 1.0, "least_movement": 1.0}}
    assert (
        "the probes moved less than by most"
        in check_fit(
            Export("li", {"seen": far | {"movement": {"low": 0, "high": 1}}}), ANOTHER
        ).sentence
    )


def test_answers_that_are_coarser_than_those_of_training_tell_nothing():
    noisy = dataclasses.replace(ANOTHER, form=Form("noisy", noise=0.003))
    trained = {"answers": Form("noisy", noise=0.001).as_json()}
    assert "coarser" in unchecked(SEEN, Export("li", trained), noisy)
    assert unchecked(SEEN, Export("li", {"answers": noisy.form.as_json()}), noisy) == ""


@pytest.mark.parametrize("places", [7, 8, 9])
def test_decimals_that_hide_nothing_else_make_no_other_model(places):
    """Small posteriors that are printed as 0 would move their logits by fifty."""
    logits = np.random.default_rng(1).normal(0, 6, (100, 10))
    shift = np.random.default_rng(2).normal(size=10)
    exact = answered(logits, logits + shift)
    printed = Answered(exact.before.round(places), exact.after.round(places))
    assert (printed.before == 0).any()
    low = float(coherence(exact.before, exact.after)) - 0.05
    seen = {"coherence": {"low": low, "high": 1.0, "least_movement": 0.0}}
    assert looks_like_another(seen, Export("li", {}), printed) == ""


@pytest.mark.parametrize(
    "seen", [{}, {"coherence": 3}, {"coherence": {"low": "x", "least_movement": 0}}]
)
def test_a_stranger_s_export_may_tell_anything(seen):
    assert "tells no coherence" in unchecked(seen, Export("li", {}), ANOTHER)


def test_another_model_is_refused_by_an_export_that_tells_nothing_else():
    assert not check_fit(Export("li", {"seen": SEEN}), ANOTHER).fits


def test_updates_of_a_real_target_fit_and_its_other_base_models_do_not(single_corpus):
    """Targets' own updates lie within the range of the shadow models'; another target does not."""
    found = ranges(single_corpus)
    known = found["coherence"]
    assert 0.2 < known["low"] < known["high"] == 1
    target = single_corpus.updates["target"]
    before, after = target.pair(np.arange(len(target)))
    far = mean_movement(before, after) >= known["least_movement"]
    assert far.sum() > 10
    assert (coherence(before[far], after[far]) >= known["low"]).mean() > 0.95
    one, other = before[target.base == 0][0], before[target.base == 1][0]
    fit = check_fit(Export("li", CONFIG | {"seen": found}), Answered(one, other))
    assert not fit.fits
    assert "another model and not the first one updated" in fit.sentence


@pytest.mark.parametrize("defence", ["round:2", "noise:0.001", "top_k:5"])
def test_coarse_answers_of_another_model_are_told_from_updates_too(
    defence, single_corpus, tmp_path_factory
):
    """The range and the audit read answers by the same floor."""
    # The corpus of the fixture, through a defence.
    coarse = small_corpus("li", shared(tmp_path_factory, "single"), defence=defence)
    found = ranges(coarse)
    known = found["coherence"]
    target = coarse.updates["target"]
    before, after = target.pair(np.arange(len(target)))
    export = {"seen": found, "answers": coarse.updates["shadow"].form.as_json()}
    far = mean_movement(before, after) >= known["least_movement"]
    said = [
        looks_like_another(found, Export("li", export), Answered(*pair))
        for pair in zip(before[far], after[far], strict=True)
    ]
    assert len(said) > 10 and np.mean([one == "" for one in said]) > 0.9
    one, other = before[target.base == 0][0], before[target.base == 1][0]
    assert known["low"] > 0.1
    assert looks_like_another(found, Export("li", export), Answered(one, other))
