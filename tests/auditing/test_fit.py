"""Whether an attack fits a target, by what its export says that it was trained on."""

import html
import json
import shutil

import numpy as np
import pytest

from tests import standins
from tests.auditing.seen import SEEN, scored, target
from ulk_tf.auditing import audit as auditing
from ulk_tf.auditing.answered import Answered
from ulk_tf.auditing.fit import check_fit
from ulk_tf.auditing.remedy import Export
from ulk_tf.auditing.report import write_audit
from ulk_tf.blackbox.recording import Recording
from ulk_tf.files import digest
from ulk_tf.serving import assets
from ulk_tf.serving.loading import load_attack


@pytest.mark.parametrize(
    ("confidence", "movement", "words"),
    [
        (0.99, 0.1, "mean top posterior is 0.99"),
        (0.4, 0.1, "trained on 0.5 to 0.9"),
        (0.7, 0.001, "mean movement of the probes is 0.001"),
        (0.7, 0.6, "learning rate and set size"),
    ],
)
def test_outside_of_the_training_nothing_is_claimed(confidence, movement, words):
    fit = check_fit(Export("li", {"seen": SEEN}), target(confidence, movement))
    assert not fit.fits
    assert "does not fit" in fit.sentence
    assert words in fit.sentence


@pytest.mark.parametrize(
    "seen",
    [
        SEEN | {"score_by_tenth": None},
        SEEN | {"score_by_tenth": None, "confidence": {"low": "low", "high": float("nan")}},
        scored({"edges": [1]}),
        scored({"values": [1]}),
        scored({"values": "0123456789"}),
        scored({"values": ["x"] * 10}),
        scored({"values": [None] * 10}),
        scored({"chance": None}),
        scored({"chances": [0.1]}),
        scored({"chances": ["x"] * 10}),
    ],
)
def test_what_is_not_told_is_not_said(seen):
    fit = check_fit(Export("li", {"seen": seen}), target(0.7, 0.1))
    assert fit.fits
    assert fit.sentence == ""


@pytest.mark.parametrize("told", [{"likeliest": None}, {"agreement": 1}, {"likeliest": [10] * 10}])
def test_an_order_of_classes_that_nothing_checks_is_said(told):
    fit = check_fit(Export("li", {"seen": SEEN | told}), target(0.7, 0.1))
    assert fit.fits
    assert "the order of classes and rows was not checked" in fit.sentence


@pytest.mark.parametrize("told", [None, {}, {"low": "low", "least_movement": 0}])
def test_an_update_that_nothing_tells_from_another_model_is_said(told):
    fit = check_fit(Export("li", {"seen": SEEN | {"coherence": told}}), target(0.7, 0.1))
    assert fit.fits
    assert "whether the second version is the first one updated was not checked" in fit.sentence


@pytest.mark.parametrize(
    "metadata", [{}, {"seen": "much"}, {"seen": {"score_by_tenth": SEEN["score_by_tenth"]}}]
)
def test_an_export_that_says_nothing_of_its_training_is_no_silent_one(metadata):
    fit = check_fit(Export("li", metadata), target(0.7, 0.1))
    assert fit.fits and fit.score is None
    assert "does not say on which classifiers and updates it was trained" in fit.sentence


def agreeing(probes=100, classes=10, wrong=0.1):
    """Return what an export tells of its shadow models, and answers that mostly agree with them."""
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, probes)
    mistaken = np.where(random.random(probes) < wrong, random.integers(0, classes, probes), labels)
    before = np.full((probes, classes), 0.3 / (classes - 1))
    before[np.arange(probes), mistaken] = 0.7
    known = SEEN | {"likeliest": labels.tolist(), "agreement": {"low": 0.5, "high": 1.0}}
    return known, before, 0.8 * before + 0.2 / classes


@pytest.mark.parametrize("swapped", [2, 5, 10])
def test_classes_in_another_order_are_told(swapped):
    known, before, after = agreeing()
    assert check_fit(Export("li", {"seen": known}), Answered(before, after)).fits
    order = [*np.roll(range(swapped), 1), *range(swapped, 10)]
    other = Answered(before[:, order], after[:, order])
    assert other.confidence == pytest.approx(0.7)
    fit = check_fit(Export("li", {"seen": known}), other)
    assert not fit.fits and "(trained on at least 50%)" in fit.sentence
    assert "in another order they would in 9" in fit.sentence and "--class_names" in fit.sentence


@pytest.mark.parametrize(("probes", "classes"), [(100, 10), (100, 50), (200, 100)])
def test_rows_in_another_order_are_told(probes, classes):
    known, before, after = agreeing(probes, classes)
    order = np.random.default_rng(1).permutation(probes)
    fit = check_fit(Export("li", {"seen": known}), Answered(before[order], after[order]))
    assert not fit.fits and "rows and classes in the order that the attack knows" in fit.sentence
    assert check_fit(Export("li", {"seen": known}), Answered(before, after)).fits


@pytest.mark.parametrize("wrong", [0.0, 0.2, 0.4])
def test_a_classifier_that_errs_otherwise_has_no_other_order(wrong):
    known, before, after = agreeing(wrong=wrong)
    assert check_fit(Export("li", {"seen": known}), Answered(before, after)).fits


@pytest.mark.parametrize(
    "told",
    [
        {"likeliest": None},
        {"likeliest": [0] * 9},
        {"likeliest": [0.5] * 10},
        {"likeliest": [True] * 10},
        {"likeliest": [10] * 10},
        {"agreement": {"low": "x"}},
        {"agreement": 3},
        {"agreement": {"low": 10**400}},
    ],
)
def test_classes_that_are_not_told_are_not_held_against_a_target(told):
    wrong = SEEN | {"likeliest": [0] * 10, "agreement": {"low": 0.85, "high": 1.0}}
    assert not check_fit(Export("li", {"seen": wrong}), target(0.7, 0.1)).fits
    assert check_fit(Export("li", {"seen": wrong | told}), target(0.7, 0.1)).fits


@pytest.mark.parametrize("fits", [True, False])
def test_an_audit_with_an_attack_that_says_what_it_saw(fits, label_export, tmp_path):
    copied = shutil.copytree(label_export, tmp_path / "toy_li" / "1")
    path = copied / assets.METADATA
    seen = SEEN if fits else SEEN | {"movement": {"low": 0.9, "high": 0.95}}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"seen": seen}))
    before = np.random.default_rng(0).dirichlet(np.full(standins.CLASSES, 0.5), standins.PROBES)
    pair = []
    for name, answers in (("1", before), ("2", 0.9 * before + 0.1 / standins.CLASSES)):
        pair.append(str(tmp_path / f"{name}.npz"))
        Recording(answers, "t", digest(standins.PROBING_SET), (name,)).save(
            tmp_path / f"{name}.npz"
        )
    result = auditing.audit(*pair, [load_attack(copied)])
    page = write_audit(tmp_path / "out", result).read_text()
    told = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert len(result.findings) == len(told["attacks"]) == fits
    assert told["fits"][0]["fits"] == fits
    assert result.fits[0].sentence in html.unescape(page)
    assert (result.fits[0].sentence in result.warnings) == (not fits)
    assert ("No attack fits" in result.verdict) == (not fits)
