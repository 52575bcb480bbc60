"""Whether an attack fits a target, by what its export says that it was trained on."""

import html
import json
import shutil

import numpy as np
import pytest

from tests import standins
from ulk_tf.auditing import audit as auditing
from ulk_tf.auditing.answered import Answered
from ulk_tf.auditing.fit import check_fit
from ulk_tf.auditing.remedy import Export
from ulk_tf.auditing.report import write_audit
from ulk_tf.blackbox.recording import Recording
from ulk_tf.files import digest
from ulk_tf.serving import assets
from ulk_tf.serving.loading import load_attack

SEEN = {
    "confidence": {"low": 0.5, "high": 0.9},
    "movement": {"low": 0.01, "high": 0.5},
    "coherence": {"low": 0.0, "high": 1.0, "least_movement": 0.01},
    "agreement": {"low": 0.5, "high": 1.0},
    "likeliest": list(range(10)),
    "score_by_tenth": {
        "metric": "accuracy",
        "chance": 0.1,
        "edges": [0.0, *(0.01 * 2**i for i in range(10))],
        "values": [0.1 + 0.08 * i for i in range(10)],
    },
}


def target(confidence, movement):
    """Answers of 10 probes and 10 classes of such a mean top posterior, which moved so far."""
    rest = (1 - confidence) / 9
    before = np.where(np.eye(10, dtype=bool), confidence, rest)
    # All other classes gain alike what the likeliest one loses.
    after = before + np.where(np.eye(10, dtype=bool), -movement, movement / 9)
    return Answered(before, after)


@pytest.mark.parametrize(
    ("movement", "percent"), [(0.01, "18%"), (0.0199, "18%"), (0.02, "26%"), (0.5, "58%")]
)
def test_the_score_of_such_updates_is_quoted(movement, percent):
    fit = check_fit(Export("li", {"seen": SEEN}), target(0.7, movement))
    assert fit.fits
    assert f"moved as much: right in {percent}, chance 10%" in fit.sentence
    assert fit.as_json()["score_of_such_updates"]["metric"] == "accuracy"


def test_other_scores_are_numbers():
    told = SEEN | {"score_by_tenth": SEEN["score_by_tenth"] | {"metric": "mse", "chance": 0.07}}
    fit = check_fit(Export("ssr", {"seen": told}), target(0.7, 0.5))
    assert "Mean squared error 0.58, chance 0.07" in fit.sentence


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


def scored(changed):
    """Return `SEEN` with other scores by tenth."""
    return SEEN | {"score_by_tenth": SEEN["score_by_tenth"] | changed}


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


def test_a_score_is_that_of_updates_of_the_size_that_is_assumed():
    told = {"seen": SEEN, "config": {"adversary": {"update": {"set_size": 10}}}}
    fit = check_fit(Export("li", told), target(0.7, 0.1))
    assert "updates of 10 samples that moved as much: right in" in fit.sentence


def test_a_score_that_may_be_chance_is_said_to_be_no_more():
    told = {"seen": scored({"intervals": [[0.05, 0.31]] * 5 + [[0.4, 0.76]] * 5})}
    fit = check_fit(Export("li", told), target(0.7, 0.015))
    assert "right in 18% [5%, 31%], chance 10%. That is not shown to be better" in fit.sentence
    assert fit.as_json()["score_of_such_updates"]["interval"] == (0.05, 0.31)
    fit = check_fit(Export("li", told), target(0.7, 0.5))
    assert fit.sentence.endswith("right in 58% [40%, 76%], chance 10%.")


def test_a_percent_that_would_look_like_chance_has_a_decimal():
    told = {"values": [0.104] * 10, "intervals": [[0.1004, 0.11]] * 10}
    fit = check_fit(Export("li", {"seen": scored(told)}), target(0.7, 0.5))
    assert fit.sentence.endswith("right in 10.4% [10.0%, 11.0%], chance 10.0%.")


@pytest.mark.parametrize(("high", "words"), [(0.069, "chance 0.07."), (0.071, "not shown")])
def test_an_error_is_better_where_it_is_less(high, words):
    values = {"metric": "mse", "chance": 0.07, "values": [0.06] * 10}
    told = SEEN | {"score_by_tenth": SEEN["score_by_tenth"] | values}
    told["score_by_tenth"]["intervals"] = [[0.05, high]] * 10
    fit = check_fit(Export("ssr", {"seen": told}), target(0.7, 0.5))
    assert words in fit.sentence and ("better than a guess" in fit.sentence) == (high > 0.07)


@pytest.mark.parametrize(
    "told",
    [
        None,
        [1, 2],
        [["x", 1]] * 10,
        [[0.1]] * 10,
        "0123456789",
        [[0.9, 0.1]] * 10,
        [[0.8, 0.9]] * 10,
    ],
)
def test_an_interval_that_is_not_told_is_not_said(told):
    fit = check_fit(Export("li", {"seen": scored({"intervals": told})}), target(0.7, 0.5))
    assert fit.sentence.endswith("right in 58%, chance 10%.")


def test_chance_is_that_of_the_same_tenth():
    chances = [0.1] * 5 + [0.95] * 5
    told = {"seen": scored({"chances": chances})}
    assert "right in 18%, chance 10%." in check_fit(Export("li", told), target(0.7, 0.015)).sentence
    fit = check_fit(Export("li", told), target(0.7, 0.5))
    assert "chance 95%. That is no better than a guess on such updates." in fit.sentence


@pytest.mark.parametrize(
    "metadata", [{}, {"seen": "much"}, {"seen": {"score_by_tenth": SEEN["score_by_tenth"]}}]
)
def test_an_export_that_says_nothing_of_its_training_is_no_silent_one(metadata):
    fit = check_fit(Export("li", metadata), target(0.7, 0.1))
    assert fit.fits and fit.score is None
    assert "does not say on which classifiers and updates it was trained" in fit.sentence


@pytest.mark.parametrize(
    ("movement", "words"), [(0.4, "so much (at most 0.3)"), (0.02, "so little (at least 0.05)")]
)
def test_the_score_of_other_updates_is_not_quoted(movement, words):
    edges = [0.05 + 0.025 * i for i in range(11)]
    fit = check_fit(Export("li", {"seen": scored({"edges": edges})}), target(0.7, movement))
    assert fit.fits and fit.score is None
    assert f"no held-out update moved the probes {words}" in fit.sentence


def test_a_tenth_without_updates_hides_no_other_one():
    values = [*SEEN["score_by_tenth"]["values"][:2], None, *[0.9] * 7]
    told = {"seen": scored({"values": values})}
    assert check_fit(Export("li", told), target(0.7, 0.03)).sentence == ""
    assert "right in 18%" in check_fit(Export("li", told), target(0.7, 0.015)).sentence


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
