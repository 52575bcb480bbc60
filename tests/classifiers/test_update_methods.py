"""Ways of updating beside plain fine-tuning, each against what anybody would write for it."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.classifiers.test_updates import PROBES, RESIDUAL, SGD, built, by_fit, digits, sets
from ulk_tf.classifiers.freezing import frozen
from ulk_tf.classifiers.keras_procedure import KerasProcedure
from ulk_tf.classifiers.procedure import Change, Samples
from ulk_tf.classifiers.updates import UpdateEngine
from ulk_tf.errors import UserError
from ulk_tf.settings.config import TrainingConfig
from ulk_tf.settings.update_config import UpdateConfig

__all__ = ["digits"]
SLOW = pytest.mark.slow


def paths(fast: str) -> pytest.MarkDecorator:
    """Both ways of computing updates, and a model of another shape; one of them in fast tests."""
    pairs = (("digits_cnn", True), ("mlp", False), (RESIDUAL, False))
    cases = [pytest.param(*pair, marks=() if pair[0] == fast else SLOW) for pair in pairs]
    return pytest.mark.parametrize(("target", "fast"), cases)


@paths("digits_cnn")
def test_updates_between_two_looks_follow_one_another(digits, target, fast):
    """Two updates are one `fit` after the other, the second from the first one's weights."""
    config = replace(SGD, updates_between=2, update_epochs=1)
    model = built(target, dropout=False)
    weights, probes = model.get_weights(), digits.samples[PROBES]
    samples, labels, seeds = sets(digits, 3, 20)
    engine = UpdateEngine(model, config, probes, fast)
    found = engine.after(weights, samples, labels, seeds)
    for row in range(3):
        expected = weights
        for part in (slice(0, 10), slice(10, 20)):
            other = built(target, dropout=False)
            other.set_weights(expected)
            once = replace(config, updates_between=1)
            answers = by_fit(other, once, samples[row, part], labels[row, part], seeds[row], probes)
            expected = other.get_weights()
        np.testing.assert_allclose(found[row], answers, atol=1e-5)


@paths("mlp")
def test_ascent_is_descent_with_a_negative_rate(digits, target, fast):
    config = replace(SGD, update_method="unlearning_by_ascent", update_learning_rate=0.01)
    model = built(target, dropout=False)
    weights, probes = model.get_weights(), digits.samples[PROBES]
    samples, labels, seeds = sets(digits, 2, 10)
    found = UpdateEngine(model, config, probes, fast).after(weights, samples, labels, seeds)
    for row in range(2):
        other = built(target, dropout=False)
        other.set_weights(weights)
        rule, loss = keras.optimizers.SGD(0.01, 0.9), lambda y, p: -_cross_entropy(y, p)
        other.compile(rule, loss, jit_compile=False, run_eagerly=True)
        order = np.arange(10)
        for epoch in range(config.update_epochs):
            if epoch:
                key = tf.constant([seeds[row, 0], seeds[row, 1] + epoch])
                order = np.asarray(tf.random.experimental.stateless_shuffle(np.arange(10), key))
            x = samples[row, order].astype(np.float32)
            other.fit(x, labels[row, order], 32, verbose=0, shuffle=False)
        np.testing.assert_allclose(found[row], other.predict(probes, verbose=0), atol=1e-5)


def _cross_entropy(labels, answers):
    return keras.losses.sparse_categorical_crossentropy(labels, answers)


@pytest.mark.parametrize("target", ["digits_cnn", pytest.param(RESIDUAL, marks=SLOW)])
def test_only_the_last_layers_are_trained(digits, target):
    config = replace(SGD, trained_layers=1)
    procedure = KerasProcedure(target, TrainingConfig(), config, (8, 8, 1), 10)
    model = built(target)
    weights = tuple(model.get_weights())
    samples, labels, seeds = sets(digits, 2, 10)
    none = Samples.none_like(samples[0])
    updated = procedure.update(weights, Change(Samples(samples[0], labels[0]), none, none), 3)
    moved = [not np.array_equal(one, other) for one, other in zip(weights, updated, strict=True)]
    # Kernel and bias of the last layer; moving averages of frozen layers stay, too.
    assert moved == [False] * (len(moved) - 2) + [True, True]
    _, after = procedure.update_many(
        weights, Samples(samples, labels), seeds, digits.samples[PROBES], 0
    )
    part = built(target, dropout=False)
    part.set_weights(weights)
    assert sum(layer.trainable for layer in frozen(part, 1)._flatten_layers(False) if layer.weights)
    assert np.abs(after - procedure.predict_proba(weights, digits.samples[PROBES])).max() > 1e-4


def test_more_layers_than_there_are(digits):
    with pytest.raises(UserError, match="--trained_layers up to the 3 layers"):
        frozen(built("mlp"), 9)


def test_a_compiled_model_is_compiled_anew_for_the_layers_it_trains(digits):
    model = built("mlp")
    rule, loss = keras.optimizers.RMSprop(0.01), "sparse_categorical_crossentropy"
    model.compile(rule, loss, jit_compile=False)
    model.fit(digits.samples[:64].astype(np.float32), digits.labels[:64], verbose=0)
    weights, config = model.get_weights(), replace(SGD, update_epochs=1)
    samples, labels, seeds = sets(digits, 1, 10)
    engine = UpdateEngine(frozen(model, 1), config, digits.samples[PROBES])
    found = engine.after(weights, samples, labels, seeds)
    model.set_weights(weights)
    model.fit(samples[0].astype(np.float32), labels[0], 32, verbose=0, shuffle=False)
    expected = model.predict(digits.samples[PROBES].astype(np.float32), verbose=0)
    np.testing.assert_allclose(found[0], expected, atol=1e-5)


@pytest.mark.parametrize("method", ["retraining", "unlearning_by_retraining"])
def test_retraining_is_base_training_on_other_samples(digits, method):
    training = TrainingConfig(base_epochs=1)
    config = UpdateConfig(update_method=method)
    procedure = KerasProcedure("mlp", training, config, (8, 8, 1), 10)
    kept = Samples(digits.samples[:60], digits.labels[:60])
    one, none = (
        Samples(digits.samples[60:61], digits.labels[60:61]),
        Samples.none_like(kept.samples),
    )
    added, removed = (none, one) if config.removes else (one, none)
    weights = procedure.update(tuple(built("mlp").get_weights()), Change(added, removed, kept), 7)
    trained = kept if config.removes else kept + added
    expected = procedure.fit(trained.samples, trained.labels, 7)
    for found, wanted in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"update_method": "retraining", "old_samples": 5}, "no --old_samples with"),
        ({"update_method": "retraining", "trained_layers": 1}, "no --trained_layers with"),
        ({"update_method": "retraining", "dp_noise_multiplier": 1.0}, "no --dp_noise_multiplier"),
        ({"update_method": "unlearning_by_ascent", "old_samples": 5}, "no --old_samples with"),
        ({"update_method": "unlearning_by_ascent", "updates_between": 2}, "no --updates_between"),
        ({"update_method": "distilling"}, "--update_method to be"),
    ],
)
def test_settings_without_a_meaning_are_refused(flags, words):
    with pytest.raises(UserError, match=words):
        UpdateConfig(**flags)
