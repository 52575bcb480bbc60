"""Versions that answer in two forms: no change of the service passes for an update."""

import itertools

import numpy as np
import pytest
from scipy.special import softmax

from tests.answers.test_censored import normalised, printed
from ulk_tf.answers.interpret import interpret_both
from ulk_tf.auditing.one_form import compared

LOGITS = np.random.default_rng(0).normal(0, 2, (60, 10))
MOVED = LOGITS + np.random.default_rng(1).normal(0, 0.5, LOGITS.shape)


def top(posteriors, count):
    least = np.sort(posteriors, axis=-1)[..., -count][..., np.newaxis]
    return np.where(posteriors >= least, posteriors, 0)


def above(posteriors, least):
    return np.where(posteriors < least, 0, posteriors)


FORMS = {
    "exact": lambda p: p,
    "two decimals": lambda p: p.round(2),
    "four decimals": lambda p: p.round(4),
    "bytes": lambda p: np.floor(p * 255) / 255,
    "three digits": lambda p: printed(p, 3),
    "half precision": lambda p: p.astype("f2").astype("f8"),
    "top three": lambda p: top(p, 3),
    "top five": lambda p: top(p, 5),
    "top three as a whole": lambda p: normalised(top(p, 3)),
    "top five to four decimals": lambda p: top(p, 5).round(4),
    "top three to two decimals": lambda p: top(p, 3).round(2),
    "a threshold": lambda p: above(p, 0.02),
    "another threshold": lambda p: above(p, 0.05),
    "a threshold and a whole": lambda p: normalised(above(p, 0.05)),
    "a least value": lambda p: normalised(p.clip(0.01)),
    "a filler for all but the top three": lambda p: np.where(top(p, 3) > 0, np.log(p), -100),
    "a filler for all but the top five": lambda p: np.where(top(p, 5) > 0, np.log(p), -100),
    "a least logarithm": lambda p: np.log(p.clip(0.01)),
    "labels": lambda p: (top(p, 1) > 0).astype(float),
}


# A sure classifier's rounded top few look like its rounding alone, but for a handful of samples.
UNSEEN = (
    {"two decimals", "top three to two decimals"},
    {"four decimals", "top five to four decimals"},
)


@pytest.mark.parametrize("sure", [1, 5])
@pytest.mark.parametrize("first", FORMS)
def test_one_classifier_in_two_forms_shows_no_update(first, sure):
    posteriors = softmax(sure * LOGITS, axis=1)
    for second, form in FORMS.items():
        raw = FORMS[first](posteriors), form(posteriors)
        found = compared(*interpret_both(*raw), raw)
        unseen = sure == 5 and {first, second} in UNSEEN
        assert found.exceeded == unseen, second
        assert unseen or found.mixed or not found.moved or not found.apart, second


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sure", [1, 3])
def test_an_update_shows_in_one_form(form, sure):
    raw = tuple(FORMS[form](softmax(sure * one, axis=1)) for one in (LOGITS, MOVED))
    found = compared(*interpret_both(*raw), raw)
    assert found.exceeded and not found.apart


@pytest.mark.parametrize(
    ("first", "second"), [("exact", "two decimals"), ("four decimals", "half precision")]
)
def test_rounding_alone_hides_no_large_update(first, second):
    raw = FORMS[first](softmax(LOGITS, axis=1)), FORMS[second](softmax(MOVED, axis=1))
    assert compared(*interpret_both(*raw), raw).exceeded


def test_repeats_that_differ_by_a_little_are_no_movement():
    random = np.random.default_rng(2)
    for first, second in itertools.permutations(("exact", "top three", "top five"), 2):
        raw = tuple(
            np.stack(
                [
                    FORMS[form](softmax(LOGITS + random.normal(0, 1e-3, LOGITS.shape), axis=1))
                    for _ in range(10)
                ]
            )
            for form in (first, second)
        )
        assert not compared(*interpret_both(*raw), raw).exceeded


def test_one_threshold_is_one_form_for_sure_classifiers_too():
    """Few of their posteriors lie near it, so that the least above it differs by chance."""
    for seed in range(20):
        logits = np.random.default_rng(seed).normal(0, 8, (30, 5))
        moved = logits + np.random.default_rng(seed + 99).normal(0, 1, logits.shape)
        raw = tuple(above(softmax(one, axis=1), 0.01) for one in (logits, moved))
        assert not compared(*interpret_both(*raw), raw).apart


def test_one_clipped_logit_of_two_classes_is_compared():
    raw = tuple(one[:, :1].clip(-2, 2) for one in (LOGITS, MOVED))
    found = compared(*interpret_both(*raw, 2), raw)
    assert found.exceeded and not found.apart
