"""Cached features: those of the feature map, in memory and on disk alike."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ulk_tf import rows
from ulk_tf.attacks.encoder import FEATURES, after_features, build_encoder
from ulk_tf.attacks.feature_cache import STEP, cached_features, compute_features
from ulk_tf.attacks.features import Features
from ulk_tf.attacks.labels import train_li
from ulk_tf.corpus.build import Corpus
from ulk_tf.errors import UserError
from ulk_tf.evaluation.predictions import predictions
from ulk_tf.settings.attack_configs import LabelConfig


@pytest.mark.parametrize("kind", ["published", "normalised", "class_pairs"])
def test_cached_features_are_those_of_the_feature_map(kind: str, single_corpus: Corpus) -> None:
    encoder = build_encoder(single_corpus.updates["shadow"], kind, 32, 0.1, 1)
    features = encoder.get_layer(FEATURES)
    inputs = cached_features(features, single_corpus, None)
    head = after_features(encoder)
    for role, read in inputs.items():
        updates = single_corpus.updates[role]
        chosen = np.array([3, 0, len(updates) - 1], np.int32)
        found = next(iter(tf.data.Dataset.from_tensors(chosen).map(read)))
        before, after = updates.pair(chosen)
        error = 0.6 * STEP if kind == "class_pairs" else 1e-6
        np.testing.assert_allclose(found, features(before, after), atol=error)
        whole = encoder({"before": before, "after": after})
        np.testing.assert_allclose(head(features(before, after)), whole, atol=1e-5)


def test_features_beyond_the_range_are_clipped(single_corpus: Corpus) -> None:
    wild = Features("by_class", scale=1e-9)
    found = compute_features(wild, single_corpus.updates["validation"])[:]
    assert (found.min(), found.max()) == (-(2**15 - 1), 2**15 - 1)


@pytest.mark.slow
def test_a_corpus_on_disk_trains_the_same_attack(
    single_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = LabelConfig(epochs=2, hidden=16, ensemble=2)
    updates = single_corpus.updates["target"]

    def answers(corpus: Corpus) -> np.ndarray:
        attack = train_li(config, corpus, 0, tmp_path / "run").attack
        return predictions(attack, updates, np.arange(20))["label_probabilities"]

    held = answers(single_corpus)
    monkeypatch.setattr(rows, "IN_MEMORY", 0)
    on_disk = {
        role: replace(side, after=rows.stacked([side.after], len(side)))
        for role, side in single_corpus.updates.items()
    }
    (tmp_path / "run" / "training" / "li.npz").unlink()
    (tmp_path / "run" / "training" / "li-1.npz").unlink()
    np.testing.assert_array_equal(answers(replace(single_corpus, updates=on_disk)), held)


def test_no_room_for_features_is_told(
    single_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rows, "IN_MEMORY", 0)
    monkeypatch.setattr(rows.StoredRows, "append", full)
    with pytest.raises(UserError, match="No space left"):
        compute_features(Features("by_class"), single_corpus.updates["validation"], tmp_path)
