"""Extraction: shadow base models of the target's own answers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.corpus.settings import built, designs, digits, tiny
from ulk_tf.classifiers.training import BaseModel, train_base
from ulk_tf.corpus import build
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.extraction import extract
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import split
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.presets import experiment

FLAGS: dict[str, Any] = {"extraction_queries": 100, "training_updates": 4, "target_updates": 4}


def test_all_shadow_models_are_trained_on_the_queries(tmp_path: Path) -> None:
    usual, mine = (split(tiny(tmp_path, **flags), len(digits().labels)) for flags in ({}, FLAGS))
    assert len(mine.queries) == 100 and np.isin(mine.queries, mine.shadow).all()
    for role in ("shadow", "validation", "target"):
        np.testing.assert_array_equal(getattr(mine, role), getattr(usual, role))
    for base in (mine.for_base("shadow", 0), mine.for_base("shadow", 1)):
        np.testing.assert_array_equal(base.base, mine.queries)
        assert set(base.base) | set(base.pool) == set(mine.shadow)
        assert len(base.pool) == mine.pool_size("shadow") == len(mine.shadow) - 100
    np.testing.assert_array_equal(mine.for_base("validation", 0).pool, mine.validation)


@pytest.mark.slow
def test_shadow_models_learn_the_target_s_answers(tmp_path: Path) -> None:
    corpus = built(tmp_path, **FLAGS)
    adversary, owner = designs(tmp_path, **FLAGS)
    queries = corpus.splits.queries
    target = corpus.bases[BaseId("target", 0)]
    answers = owner.procedure.predict_proba(target.weights, digits().samples[queries])
    np.testing.assert_allclose(
        extract(owner, BaseId("target", 0), target, digits().samples[queries]), answers, atol=1e-6
    )
    job = adversary.training_job(BaseId("shadow", 1))
    by_hand = adversary.procedure.fit(digits().samples[queries], answers, job.seed)
    for ours, theirs in zip(corpus.bases[BaseId("shadow", 1)].weights, by_hand, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    # One hot posteriors are labels.
    labels = digits().labels[queries]
    one_hot = np.eye(10, dtype=np.float32)[labels]
    of_labels, of_one_hot = (
        adversary.procedure.fit(digits().samples[queries], one, 3) for one in (labels, one_hot)
    )
    for ours, theirs in zip(of_labels, of_one_hot, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_queries_see_the_owner_s_defence(tmp_path: Path) -> None:
    _, owner = designs(tmp_path, defence="round:1", **FLAGS)
    job = owner.training_job(BaseId("target", 0))
    data = digits()
    target = train_base(owner.procedure, data.samples, data.labels, job.split, job.seed)
    told = extract(owner, BaseId("target", 0), target, data.samples[:30])
    assert np.unique(np.round(told * 10) / 10).size <= 11
    exact = owner.procedure.predict_proba(target.weights, data.samples[:30])
    assert 1e-3 < np.abs(told - exact).max() < 0.2


def test_another_target_has_other_shadow_models(tmp_path: Path) -> None:
    answers = np.full((100, 10), 0.1, np.float32)
    plain, _ = designs(tmp_path, **FLAGS)
    base = BaseId("shadow", 0)
    keys, folders = {plain.base_key(base)}, {plain.folder}
    for number in (0, 1):
        answers[number, 0] += 0.5
        plain.__dict__.pop("identity", None)
        plain.answered = answers.copy()
        keys.add(plain.base_key(base))
        folders.add(plain.folder)
    assert len(keys) == len(folders) == 3


@pytest.mark.slow
def test_each_target_is_attacked_by_itself(tmp_path: Path) -> None:
    plain = built(tmp_path, target_bases=2, **FLAGS | {"extraction_queries": None})
    corpora = build.build_corpora(tiny(tmp_path, target_bases=2, **FLAGS), digits())
    assert len(corpora) == 2 and len({corpus.key for corpus in corpora}) == 2
    for number, corpus in enumerate(corpora):
        owned = plain.updates["target"]
        rows = np.flatnonzero(owned.base == number)
        own = corpus.updates["target"]
        assert set(own.base) == {number}
        for ours, theirs in zip(own.pair(np.arange(4)), owned.pair(rows), strict=True):
            np.testing.assert_array_equal(ours, theirs)
        # Its shadow models learned this target's answers.
        adversary, owner = designs(tmp_path, target_bases=2, **FLAGS)
        base, queries = BaseId("target", number), digits().samples[corpus.splits.queries]
        adversary.answered = extract(owner, base, corpus.bases[base], queries)
        key = adversary.base_key(BaseId("shadow", 0))
        path = adversary.home / "bases" / f"shadow-000-{key[:16]}.npz"
        assert BaseModel.load(path, key).digest == corpus.bases[BaseId("shadow", 0)].digest
    # The first target's adversary is the one of a run with a single target.
    single = built(tmp_path, **FLAGS)
    assert single.key == corpora[0].key and "2 of 2" not in single.reused
    assert single.reused.startswith("4 of 4 base models and 17 of 17 updates")


class Noted:
    """A procedure that remembers what it was trained on; it takes labels alone."""

    def __init__(self) -> None:
        self.labels = np.zeros(0)

    def fit(self, samples: Array, labels: Array, seed: int) -> tuple[Array, ...]:
        self.labels = labels
        return (np.zeros(1),)

    def predict_proba(self, weights: tuple[Array, ...], samples: Array) -> Array:
        return np.full((len(samples), 10), 0.1)


def test_who_takes_labels_is_given_the_likeliest(tmp_path: Path) -> None:
    data: Dataset = digits()
    base = split(tiny(tmp_path, **FLAGS), len(data.labels)).for_base("shadow", 0)
    answers = np.random.default_rng(0).dirichlet(np.ones(10), 100).astype(np.float32)
    noted = Noted()
    train_base(noted, data.samples, data.labels, base, 0, answers)  # type: ignore[arg-type]
    np.testing.assert_array_equal(noted.labels, answers.argmax(-1))
    assert noted.labels.dtype == np.int32


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"shadow_base_size": 9}, "no --shadow_base_size with"),
        ({"shadow_new_classes": "9"}, "no --shadow_new_classes with"),
        ({"base_model": "m.npz", "shadow_base_model": "m.npz"}, "no --shadow_base_model with"),
        ({"extraction_queries": 1}, "--extraction_queries to be at least 2"),
    ],
)
def test_mistakes(flags: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        experiment("li", **{"extraction_queries": 100, **flags})


def test_more_queries_than_samples(tmp_path: Path) -> None:
    for queries in (830, 5000):
        with pytest.raises(UserError, match="below the adversary's 830 samples"):
            split(tiny(tmp_path, extraction_queries=queries), len(digits().labels))
