"""DP-SGD: held against a slow loop, sample by sample; epsilon against known values."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.classifiers.test_updates import PROBES, RESIDUAL, SGD, built, digits, sets
from ulk_tf.classifiers.keras_procedure import KerasProcedure
from ulk_tf.classifiers.procedure import Change, Samples
from ulk_tf.classifiers.updates import UpdateEngine
from ulk_tf.errors import UserError
from ulk_tf.settings.config import TrainingConfig
from ulk_tf.settings.keys import update_key
from ulk_tf.settings.presets import experiment
from ulk_tf.settings.privacy import Privacy
from ulk_tf.settings.update_config import UpdateConfig

__all__ = ["digits"]
PRIVATE = replace(SGD, update_batch=4, dp_noise_multiplier=0.5, dp_clip=0.7)


def by_loop(model, config, samples, labels, seed, probes):
    """One update as in the paper on DP-SGD: one sample after the other; without dropout."""
    weights = [variable.numpy().astype(np.float64) for variable in model.trainable_variables]
    velocity = [np.zeros_like(weight) for weight in weights]
    number = 0
    for epoch in range(config.update_epochs):
        order = np.arange(len(samples))
        if epoch:
            key = tf.stack([seed[0], seed[1] + epoch])
            order = np.asarray(tf.random.experimental.stateless_shuffle(order, key))
        for start in range(0, len(samples), config.update_batch):
            chosen = order[start : start + config.update_batch]
            total = [np.zeros_like(weight) for weight in weights]
            for one in chosen:
                for variable, weight in zip(model.trainable_variables, weights, strict=True):
                    variable.assign(weight)
                with tf.GradientTape() as tape:
                    answers = model(samples[one : one + 1].astype(np.float32), training=True)
                    loss = keras.losses.sparse_categorical_crossentropy(labels[[one]], answers)
                gradients = [g.numpy() for g in tape.gradient(loss, model.trainable_variables)]
                norm = np.sqrt(sum((g.astype(np.float64) ** 2).sum() for g in gradients))
                total = [
                    t + g / max(1, norm / config.dp_clip)
                    for t, g in zip(total, gradients, strict=True)
                ]
            for place, weight in enumerate(weights):
                key = tf.random.experimental.stateless_fold_in(seed, number * len(weights) + place)
                noise = tf.random.stateless_normal(weight.shape, key).numpy()
                noise = noise * config.dp_clip * config.dp_noise_multiplier
                gradient = (total[place] + noise) / len(chosen)
                velocity[place] = (
                    config.update_momentum * velocity[place]
                    - config.update_learning_rate * gradient
                )
                weights[place] = weight + velocity[place]
            number += 1
    for variable, weight in zip(model.trainable_variables, weights, strict=True):
        variable.assign(weight)
    return np.asarray(model(probes.astype(np.float32), training=False))


@pytest.mark.slow
@pytest.mark.parametrize(("target", "fast"), [("digits_cnn", True), ("mlp", False)])
def test_an_update_is_a_slow_loop_of_clipped_gradients(digits, target, fast):
    model = built(target, dropout=False)
    weights = model.get_weights()
    samples, labels, seeds = sets(digits, 3, 10)
    probes = digits.samples[PROBES]
    found = UpdateEngine(model, PRIVATE, probes, fast).after(weights, samples, labels, seeds)
    for row in range(3):
        model.set_weights(weights)
        one = samples[row], labels[row], tf.constant(seeds[row])
        np.testing.assert_allclose(found[row], by_loop(model, PRIVATE, *one, probes), atol=2e-5)


@pytest.mark.slow
def test_both_paths_agree_with_dropout(digits):
    model = built("digits_cnn")
    samples, labels, seeds = sets(digits, 5, 10)
    paths = [UpdateEngine(model, PRIVATE, digits.samples[PROBES], fast) for fast in (True, False)]
    found = [path.after(model.get_weights(), samples, labels, seeds) for path in paths]
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)
    np.testing.assert_array_equal(
        found[0][1:4],
        paths[0].after(model.get_weights(), samples[1:4], labels[1:4], seeds[1:4], first=1),
    )


@pytest.mark.slow
def test_clipping_alone_with_a_high_norm_is_the_plain_update(digits):
    model = built("digits_cnn", dropout=False)
    samples, labels, seeds = sets(digits, 2, 10)
    clipping = replace(SGD, dp_noise_multiplier=0.0, dp_clip=1e6)
    plain, private = (
        UpdateEngine(model, config, digits.samples[PROBES]).after(
            model.get_weights(), samples, labels, seeds
        )
        for config in (SGD, clipping)
    )
    np.testing.assert_allclose(private, plain, atol=1e-5)


@pytest.mark.slow
def test_one_update_by_itself_is_the_same(digits):
    procedure = KerasProcedure("mlp", TrainingConfig(), PRIVATE, (8, 8, 1), 10)
    model = built("mlp")
    weights = tuple(model.get_weights())
    samples, labels, _ = sets(digits, 1, 10)
    none = Samples.none_like(samples[0])
    change = Change(Samples(samples[0], labels[0]), none, none)
    updated = procedure.update(weights, change, 5)
    probes = digits.samples[PROBES]
    pair = np.random.default_rng(5).integers(0, 2**31 - 1, (1, 2)).astype(np.int32)
    expected = UpdateEngine(model, PRIVATE, probes, False).after(weights, samples, labels, pair)
    np.testing.assert_allclose(procedure.predict_proba(updated, probes), expected[0], atol=1e-6)


def test_a_model_that_mixes_samples_is_refused(digits):
    model = built(RESIDUAL)
    with pytest.raises(UserError, match="one sample changes the answer to another"):
        UpdateEngine(model, PRIVATE, digits.samples[PROBES])
    UpdateEngine(model, SGD, digits.samples[PROBES])


@pytest.mark.parametrize(
    ("sigma", "delta", "epsilon"),
    # Balle and Wang 2018, by their reference code.
    [(1.0, 1e-5, 4.377178095681137), (3.7306316348159374, 1e-5, 1.0)],
)
def test_epsilon_is_that_of_the_gaussian_mechanism(sigma, delta, epsilon):
    pytest.importorskip("dp_accounting")
    assert Privacy(2.0, sigma, 1, delta).epsilon == pytest.approx(epsilon, rel=1e-4)
    # Four epochs are four mechanisms, which are one with half the noise.
    assert Privacy(2.0, 2 * sigma, 4, delta).epsilon == pytest.approx(epsilon, rel=1e-4)
    config = UpdateConfig(update_epochs=4, dp_epsilon=epsilon, dp_delta=delta)
    assert config.privacy is not None
    assert config.privacy.noise_multiplier == pytest.approx(2 * sigma, rel=1e-3)
    assert f"epsilon is {epsilon:.3g} at delta 1e-05" in config.privacy.sentence


def test_epsilon_agrees_with_another_accountant():
    accounting = pytest.importorskip("dp_accounting")
    rdp = pytest.importorskip("dp_accounting.rdp")
    event = accounting.SelfComposedDpEvent(accounting.GaussianDpEvent(1.5), 3)
    bound = rdp.RdpAccountant().compose(event).get_epsilon(1e-5)
    # Renyi differential privacy gives an upper bound that is a little above.
    assert 0.8 * bound < Privacy(1.0, 1.5, 3, 1e-5).epsilon <= bound


@pytest.mark.parametrize(
    "flags",
    [
        {"dp_epsilon": 0.0},
        {"dp_noise_multiplier": -0.1},
        {"dp_noise_multiplier": 1.0, "dp_epsilon": 1.0},
        {"dp_noise_multiplier": 1.0, "dp_clip": 0.0},
        {"dp_noise_multiplier": 1.0, "dp_delta": 1.0},
    ],
)
def test_bad_settings(flags):
    with pytest.raises(UserError, match="Expected --dp_"):
        UpdateConfig(**flags)


def test_without_privacy_a_corpus_keeps_its_name():
    party = experiment("li").owner
    assert not [name for name in update_key(party) if name.startswith("dp_")]
    private = replace(party, update=replace(party.update, dp_noise_multiplier=1.0, dp_clip=0.5))
    assert update_key(private) == update_key(party) | {"dp_noise_multiplier": 1.0, "dp_clip": 0.5}
