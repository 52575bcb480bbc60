"""PyTorch's side of the whole experiment: the same attack network, learning rate and divergence."""

from dataclasses import replace

import keras
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="make torch brings it")

from benchmarks import torch_experiment as twin  # noqa: E402
from ulk_tf.attacks.labels import LABEL_ATTACKS, build_label_model  # noqa: E402
from ulk_tf.corpus.build import Corpus  # noqa: E402
from ulk_tf.evaluation.metrics import kl_divergence  # noqa: E402
from ulk_tf.settings.presets import experiment  # noqa: E402

pytestmark = pytest.mark.slow

CONFIG = replace(experiment("lde", "paper", dataset="mnist").attack, hidden=16, epochs=3)


def test_an_attack_model_answers_as_ours_with_the_same_weights(set_corpus: Corpus) -> None:
    ours = build_label_model(LABEL_ATTACKS["lde"], CONFIG, set_corpus, 0)
    before, after = set_corpus.updates["validation"].pair(np.arange(20))
    features = torch.from_numpy((before - after).reshape(20, -1))
    net = twin.attack_net(features.shape[1], ours.output.shape[1], CONFIG).eval()
    with torch.no_grad():
        for parameter, weight in zip(net.parameters(), ours.get_weights(), strict=True):
            parameter.copy_(torch.from_numpy(weight.T))
        found = torch.softmax(net(features), -1).numpy()
    np.testing.assert_allclose(found, ours({"before": before, "after": after}), atol=1e-6)


def test_the_learning_rate_falls_as_ours() -> None:
    ours = keras.optimizers.schedules.CosineDecay(CONFIG.learning_rate, 300, alpha=0.02)
    for step in (0, 1, 150, 299):
        assert twin.rate(CONFIG, step, 300) == pytest.approx(float(ours(step)), rel=1e-5)


def test_the_divergence_is_ours() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(8, 5)).astype(np.float32)
    truth = rng.dirichlet(np.ones(5), 8).astype(np.float32)
    predicted = np.asarray(keras.ops.softmax(logits))
    found = float(twin.divergence(torch.from_numpy(logits), torch.from_numpy(truth)))
    assert found == pytest.approx(float(kl_divergence(truth, predicted).mean()), rel=1e-4)


def test_training_keeps_the_epoch_that_is_best_on_held_out_updates() -> None:
    rng = np.random.default_rng(1)
    features = torch.from_numpy(rng.normal(size=(300, 10)).astype(np.float32))
    truth = torch.softmax(4 * features[:, :3], -1)
    config = replace(CONFIG, dropout=0.0, learning_rate=0.02, epochs=6, batch=32)
    net = twin.train_attack((features[:200], truth[:200]), (features[200:], truth[200:]), config, 0)
    uniform = float(twin.divergence(torch.zeros(100, 3), truth[200:]))
    with torch.no_grad():
        found = float(twin.divergence(net(features[200:]), truth[200:]))
    assert found < uniform / 3
