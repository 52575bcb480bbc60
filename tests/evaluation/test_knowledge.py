"""Knowledge of an insider: in reports, cards and ranges, and nowhere without one."""

import dataclasses

import numpy as np
import pytest

from tests.evaluation import fakes
from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.build import Corpus
from ulk_tf.evaluation.knowledge import is_insider, knowledge, sentences
from ulk_tf.evaluation.movement import mean_confidence, mean_movement
from ulk_tf.evaluation.report import held, render
from ulk_tf.evaluation.seen import seen
from ulk_tf.evaluation.wording import THREAT
from ulk_tf.settings import presets
from ulk_tf.settings.attack_table import ATTACKS


def corpus_of_one(shadow: float = 1.0) -> Corpus:
    """Each role is of one base model; `shadow` is the adversary's weight, 1 the owner's."""
    made = fakes.corpus(updates=200)
    before = made.updates["shadow"].before[:1]
    updates = {
        role: dataclasses.replace(
            one,
            base=np.zeros_like(one.base),
            before=before,
            after=before + (one.after - one.before[one.base]),
        )
        for role, one in made.updates.items()
    }
    bases = {
        BaseId(role, 0): BaseModel((np.array([weight]),), 1.0, 1.0)
        for role, weight in (("shadow", shadow), ("validation", shadow), ("target", 1.0))
    }
    return dataclasses.replace(made, updates=updates, bases=bases)


FILES = {"base_model": "/private/m.keras", "shadow_base_model": "/private/m.keras"}


def test_an_insider_is_who_has_the_same_weights() -> None:
    experiment = presets.experiment("li", **FILES)
    known = knowledge(experiment, corpus_of_one())
    assert known["insider"] and is_insider({"knowledge": known})
    text = " ".join(known["sentences"])
    assert "200 simulated updates" in text and "with 5 probes" in text and "no bound" in text
    assert "say nothing of others" in text and "/private" not in text
    other = knowledge(experiment, corpus_of_one(shadow=2.0))
    assert not other["insider"] and "shadow model is one" in other["sentences"][1]
    outsider = knowledge(presets.experiment("li", base_model="m.keras"), corpus_of_one(2.0))
    assert "outsider" in outsider["sentences"][1]
    assert knowledge(presets.experiment("li"), fakes.corpus()) == {}
    assert sentences({}) == [] and not is_insider({})


def test_the_range_of_an_insider_is_that_of_her_base_model() -> None:
    corpus = corpus_of_one()
    found = seen(ATTACKS["li"], fakes.label_attack(), corpus, 0)
    sure = float(mean_confidence(corpus.updates["target"].before[0]))
    assert found["confidence"]["low"] < sure < found["confidence"]["high"]
    assert found["confidence"]["high"] - found["confidence"]["low"] == pytest.approx(0.02)
    updates = corpus.updates["target"]
    moved = mean_movement(updates.before[updates.base], updates.after)
    low, high = found["movement"]["low"], found["movement"]["high"]
    assert 0.93 < np.mean((low <= moved) & (moved <= high)) < 1
    # One base model that is not the owner's says nothing of hers.
    other = seen(ATTACKS["li"], fakes.label_attack(), corpus_of_one(2.0), 0)
    assert other.keys() == {"score_by_tenth"}


def test_reports_say_whose_samples_an_export_holds() -> None:
    assert "codes of up to 1,000 of the adversary's samples" in held("msr")
    text = held("msr", insider=True)
    assert "codes of up to 1,000 of the owner's samples" in text
    assert "adversary" not in text and "give it to nobody" in text
    results = {
        "attack": "msr",
        "dataset": "fake",
        "metrics": {},
        "gains": {},
        "baselines": {},
        "knowledge": {"insider": True, "sentences": ["She has it."]},
    }
    page = render(results, {})
    assert "She has it." in page and "updates that she simulates" in page
    plain = render(results | {"knowledge": {}}, {})
    assert THREAT.split(",")[0] in plain and "simulates" not in plain


def test_who_extracts_is_no_insider() -> None:
    experiment = presets.experiment("li", extraction_queries=1500, target_bases=1)
    known = knowledge(experiment, corpus_of_one(shadow=2.0))
    assert not is_insider({"knowledge": known})
    (sentence,) = sentences({"knowledge": known})
    assert "asked the target about 1,500 samples before any update" in sentence
    assert "say nothing of others" in sentence
    several = presets.experiment("li", extraction_queries=1500, target_bases=3)
    (sentence,) = knowledge(several, corpus_of_one(shadow=2.0))["sentences"]
    assert "asked each of 3 targets about 1,500 samples" in sentence
    assert "an attack of its own" in sentence and "others" not in sentence
