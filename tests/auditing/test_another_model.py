"""Another model in the place of an update: nothing is claimed of it."""

import dataclasses

import numpy as np
import pytest

from tests.conftest import shared, small_corpus
from ulk_tf.auditing.another_model import looks_like_another
from ulk_tf.auditing.answered import Answered
from ulk_tf.auditing.fit import check_fit
from ulk_tf.auditing.remedy import Trained
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
    assert looks_like_another(SEEN, Trained("li", CONFIG), UPDATED) == ""
    said = looks_like_another(SEEN, Trained("li", CONFIG), ANOTHER)
    assert "is common to all probes (trained on at least 50%)" in said
    assert "python -m ulk_tf train li --dataset=digits --update_method=retraining" in said


def test_a_smaller_movement_than_was_measured_tells_nothing():
    least = float(mean_movement(ANOTHER.before, ANOTHER.after))
    for more, silent in ((1.01, True), (0.99, False)):
        seen = {"coherence": SEEN["coherence"] | {"least_movement": more * least}}
        assert (looks_like_another(seen, Trained("li", {}), ANOTHER) == "") == silent


@pytest.mark.parametrize(
    "seen", [{}, {"coherence": 3}, {"coherence": {"low": "x", "least_movement": 0}}]
)
def test_a_stranger_s_export_may_tell_anything(seen):
    assert looks_like_another(seen, Trained("li", {}), ANOTHER) is None


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
    fit = check_fit(Trained("li", CONFIG | {"seen": found}), Answered(one, other))
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
    said = [
        looks_like_another(found, Trained("li", export), Answered(*pair))
        for pair in zip(before, after, strict=True)
    ]
    assert np.mean([one == "" for one in said]) > 0.95
    one, other = before[target.base == 0][0], before[target.base == 1][0]
    assert known["low"] > 0.1
    assert looks_like_another(found, Trained("li", export), Answered(one, other))
