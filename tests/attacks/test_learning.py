"""Every attack learns on digits, and learns nothing from shuffled posterior differences."""

import dataclasses

import keras
import numpy as np
import pytest

from ulk_tf.attacks.labels import train_lde, train_li
from ulk_tf.attacks.msr import train_msr
from ulk_tf.attacks.ssr import train_ssr
from ulk_tf.corpus.build import Corpus
from ulk_tf.evaluation.label_scores import score_lde, score_li
from ulk_tf.evaluation.msr_scores import score_msr
from ulk_tf.evaluation.predictions import others, predictions
from ulk_tf.evaluation.ssr_scores import score_ssr
from ulk_tf.settings.attack_configs import LabelConfig, MsrConfig, SsrConfig

pytestmark = pytest.mark.slow

SHORT = {"epochs": 12, "hidden": 128}


def _shuffled(corpus: Corpus) -> Corpus:
    """The same corpus with the shadow posteriors of other updates."""
    updates = dict(corpus.updates)
    for side in ("shadow", "validation"):
        after = updates[side].after[others(updates[side])]
        updates[side] = dataclasses.replace(updates[side], after=after)
    return dataclasses.replace(corpus, updates=updates)


def test_li_learns_and_only_from_the_right_posteriors(single_corpus) -> None:
    config = LabelConfig(**SHORT)
    scores = score_li(train_li(config, single_corpus, 0, None), single_corpus, 0)
    assert scores.metrics["accuracy"].mean > 0.7
    assert scores.metrics["top3_accuracy"].mean >= scores.metrics["accuracy"].mean
    assert scores.baselines["accuracy:shuffled"].mean < 0.35
    assert scores.baselines["accuracy:most_frequent_label"].mean < 0.35
    assert scores.pictures["confusion"].sum() == len(single_corpus.updates["target"])
    # What learned from the posteriors of other updates is sure of nothing. (Its accuracy would not
    # tell: whichever way its scores happen to slope, they order classes by what moved.)
    fooled = train_li(config, _shuffled(single_corpus), 0, None).attack
    updates = single_corpus.updates["target"]
    given = predictions(fooled, updates, np.arange(len(updates)))["label_probabilities"]
    assert given.max() < 0.2


def test_lde_learns_and_only_from_the_right_posteriors(set_corpus) -> None:
    config = LabelConfig(**SHORT)
    scores = score_lde(train_lde(config, set_corpus, 0, None), set_corpus, 0)
    own = scores.metrics["kl"].mean
    assert own < 0.75 * scores.baselines["kl:prior"].mean
    assert own < 0.6 * scores.baselines["kl:shuffled"].mean
    assert scores.metrics["kl_published_scale"].mean == pytest.approx(own / 10)
    fooled = train_lde(config, _shuffled(set_corpus), 0, None)
    again = score_lde(fooled, set_corpus, 0)
    assert again.metrics["kl"].mean > 0.9 * again.baselines["kl:prior"].mean


def test_ssr_learns_and_only_from_the_right_posteriors(single_corpus) -> None:
    config = SsrConfig(**(SHORT | {"epochs": 30}), autoencoder_epochs=80)
    trained = train_ssr(config, single_corpus, 0, None)
    scores = score_ssr(trained, single_corpus, 0)
    own = scores.metrics["mse"].mean
    assert own < 0.8 * scores.baselines["mse:mean_sample"].mean
    assert own < 0.7 * scores.baselines["mse:shuffled"].mean
    assert scores.baselines["mse:autoencoder"].mean < own
    assert scores.baselines["mse:random_of_same_label"].mean > own
    short = dataclasses.replace(config, epochs=10, autoencoder_epochs=20)
    fooled = train_ssr(short, _shuffled(single_corpus), 0, None)
    again = score_ssr(fooled, single_corpus, 0)
    assert again.metrics["mse"].mean > 0.9 * again.baselines["mse:mean_sample"].mean


def test_ssr_transfers_the_decoder_and_leaves_the_autoencoder_its_own(
    single_corpus, tmp_path
) -> None:
    config = SsrConfig(epochs=1, hidden=32, autoencoder_epochs=1, learning_rate=0.0)
    trained = train_ssr(config, single_corpus, 0, tmp_path)
    kept = trained.autoencoder.get_layer("decoder").get_weights()
    (average,) = trained.attack.models
    (one,) = [n for n in average.layers if isinstance(n, keras.Model)]
    transferred = one.layers[-1].get_weights()
    for a, b in zip(kept, transferred, strict=True):
        np.testing.assert_array_equal(a, b)


def test_ssr_averages_its_ensemble(single_corpus, tmp_path) -> None:
    config = SsrConfig(ensemble=2, epochs=1, hidden=32, autoencoder_epochs=1)
    trained = train_ssr(config, single_corpus, 0, tmp_path)
    updates = single_corpus.updates["target"]
    pair = {"before": updates.before[updates.base[:9]], "after": updates.after[:9]}
    (average,) = trained.attack.models
    ensemble = [layer for layer in average.layers if isinstance(layer, keras.Model)]
    one, other = (np.asarray(single(pair)) for single in ensemble)
    assert np.abs(one - other).max() > 1e-3
    mean = predictions(trained.attack, updates, np.arange(9))["sample"]
    np.testing.assert_allclose(mean, (one + other) / 2, atol=1e-6)


def test_msr_learns_and_uses_its_input(set_corpus, tmp_path) -> None:
    config = MsrConfig(
        generator_width=128,
        epochs=12,
        label_epochs=12,
        autoencoder_epochs=60,
        cluster_samples=300,
    )
    scores = score_msr(train_msr(config, set_corpus, 0, tmp_path), set_corpus, 0)
    assert scores.gains["matched_mse_centroids:shuffled"].mean > 0.05
    assert scores.gains["matched_mse_centroids:shadow_clustering"].mean > 0
    for kind in ("centroids", "samples"):
        own = scores.metrics[f"matched_mse_{kind}"].mean
        assert own < scores.baselines[f"matched_mse_{kind}:shuffled"].mean
    truth, matched = scores.pictures["matched"]
    assert truth.shape == matched.shape == (10, 8, 8, 1)
