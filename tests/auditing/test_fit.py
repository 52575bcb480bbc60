"""Whether an attack fits a target, by what its export says that it was trained on."""

import html
import json
import shutil

import numpy as np
import pytest

from tests import standins
from ulk_tf.auditing import audit as auditing
from ulk_tf.auditing.fit import check_fit
from ulk_tf.auditing.report import write_audit
from ulk_tf.blackbox.recording import Recording
from ulk_tf.files import digest
from ulk_tf.serving import assets
from ulk_tf.serving.loading import load_attack

SEEN = {
    "confidence": {"low": 0.5, "high": 0.9},
    "movement": {"low": 0.01, "high": 0.5},
    "score_by_tenth": {
        "metric": "accuracy",
        "chance": 0.1,
        "edges": [0.0, *(0.01 * 2**i for i in range(10))],
        "values": [0.1 + 0.08 * i for i in range(10)],
    },
}


@pytest.mark.parametrize(
    ("movement", "percent"), [(0.01, "18%"), (0.0199, "18%"), (0.02, "26%"), (0.5, "58%")]
)
def test_the_score_of_such_updates_is_quoted(movement, percent):
    fit = check_fit("li", {"seen": SEEN}, 0.7, movement)
    assert fit.fits
    assert f"moved as much: right in {percent}, chance 10%" in fit.sentence
    assert fit.as_json()["score_of_such_updates"]["metric"] == "accuracy"


def test_other_scores_are_numbers():
    told = SEEN | {"score_by_tenth": SEEN["score_by_tenth"] | {"metric": "mse", "chance": 0.07}}
    fit = check_fit("ssr", {"seen": told}, 0.7, 0.5)
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
    fit = check_fit("li", {"seen": SEEN}, confidence, movement)
    assert not fit.fits
    assert "does not fit" in fit.sentence
    assert words in fit.sentence


@pytest.mark.parametrize(
    "seen",
    [
        {},
        {"confidence": {"low": "low", "high": float("nan")}, "movement": [1, 2]},
        {"score_by_tenth": {"metric": "accuracy", "chance": 0.1, "edges": [1], "values": [1]}},
        {"score_by_tenth": SEEN["score_by_tenth"] | {"edges": list(range(11))[::-1]}},
        {"score_by_tenth": SEEN["score_by_tenth"] | {"values": "0123456789"}},
        {"score_by_tenth": SEEN["score_by_tenth"] | {"chance": None}},
    ],
)
def test_what_is_not_told_is_not_said(seen):
    fit = check_fit("li", {"seen": seen}, 0.7, 0.1)
    assert fit.fits
    assert fit.sentence == ""
    assert check_fit("li", {}, 0.7, 0.1) is None
    assert check_fit("li", {"seen": "much"}, 0.7, 0.1) is None


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
