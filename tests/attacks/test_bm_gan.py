"""BM-GAN: its losses against slow versions, and what one training step may change."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ulk_tf.attacks.bm_gan import BMGAN, spread_labels
from ulk_tf.attacks.gan_networks import conv_generator, dense_generator, discriminator
from ulk_tf.attacks.noise import NormalNoise
from ulk_tf.attacks.set_losses import SET_LOSSES
from ulk_tf.settings.attack_configs import SetLossName


def test_labels_are_dealt_in_proportion() -> None:
    distribution = tf.constant([[0.5, 0.3, 0.2, 0.0], [0.0, 0.0, 0.0, 1.0]])
    labels = spread_labels(distribution, 10, tf.constant([0.5, 0.0]))
    np.testing.assert_array_equal(tf.reduce_sum(labels, 1), [[5, 3, 2, 0], [0, 0, 0, 10]])
    np.testing.assert_array_equal(tf.reduce_sum(labels, -1), np.ones((2, 10)))


@pytest.mark.parametrize(
    ("build", "shape"), [(dense_generator, (6, 6, 1)), (conv_generator, (8, 8, 3))]
)
def test_generators_reach_the_whole_range_of_pixels(build, shape) -> None:
    generator = build(4, shape, 32, 0)
    values = generator(np.random.default_rng(0).normal(0, 300, (200, 4)).astype(np.float32))
    assert values.shape == (200, np.prod(shape))
    assert float(tf.reduce_min(values)) < 0.1
    assert float(tf.reduce_max(values)) > 0.9


def _gan(
    seed: int = 3, weight: float = 0.1, *, labels: bool = True, set_loss: SetLossName = "best_match"
) -> BMGAN:
    pair = {name: keras.Input((4, 3), name=name) for name in ("before", "after")}
    merged = keras.layers.Flatten()(pair["before"] - pair["after"])
    init = keras.initializers.GlorotUniform(seed=seed)
    estimate = keras.layers.Dense(3, "softmax", kernel_initializer=init)(merged)
    code = keras.layers.Dense(5, "tanh", kernel_initializer=init)(merged)
    gan = BMGAN(
        encoder=keras.Model(pair, code),
        generator=dense_generator(2 + 5 + 3 * labels, (6,), 16, seed),
        discriminator=discriminator((6,), 16, seed),
        labels=keras.Model(pair, estimate) if labels else None,
        noise=NormalNoise(2),
        generated=8,
        adversarial_weight=weight,
        seed=seed,
        set_loss=set_loss,
    )
    gan.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2), jit_compile=False)
    return gan


def _batch() -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    rng = np.random.default_rng(0)
    pair = {
        name: tf.constant(rng.dirichlet(np.ones(3), (2, 4)), tf.float32)
        for name in ("before", "after")
    }
    return pair, tf.constant(rng.random((2, 3, 6)), tf.float32)


@pytest.mark.parametrize("labels", [True, False])
def test_a_step_trains_encoder_generator_and_discriminator_but_not_the_labels(labels) -> None:
    gan = _gan(labels=labels)
    parts = {"encoder": gan.encoder, "generator": gan.generator, "judge": gan.discriminator}
    before = {name: [np.array(w) for w in part.trainable_variables] for name, part in parts.items()}
    estimator = [np.array(w) for w in gan.labels.variables] if labels else []
    gan.train_step(_batch())
    for name, part in parts.items():
        changed = [
            not np.array_equal(old, new)
            for old, new in zip(before[name], part.trainable_variables, strict=True)
        ]
        assert all(changed), name
    if labels:
        for old, new in zip(estimator, gan.labels.variables, strict=True):
            np.testing.assert_array_equal(old, new)


def test_the_loss_of_the_discriminator_does_not_reach_the_generator() -> None:
    one, other = _gan(weight=0.0), _gan(weight=0.0)
    for weight in other.discriminator.trainable_variables:
        weight.assign(-2 * weight)
    for gan in (one, other):
        gan.train_step(_batch())
    for a, b in zip(one.generator.variables, other.generator.variables, strict=True):
        np.testing.assert_array_equal(a, b)


def test_training_twice_gives_the_same_bytes_and_noise_changes_with_the_step() -> None:
    first, again = _gan(), _gan()
    for _ in range(3):
        first.train_step(_batch())
        again.train_step(_batch())
    for a, b in zip(first.variables, again.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    pair, _ = _batch()
    one, same, other = (first.generate(pair, 4, tf.constant([[1, s], [2, s]])) for s in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


@pytest.mark.parametrize("set_loss", SET_LOSSES)
def test_the_loss_of_the_set_falls_in_training(set_loss: SetLossName) -> None:
    gan = _gan(weight=0.0, set_loss=set_loss)
    data = tf.data.Dataset.from_tensors(_batch()).repeat(150)
    history = gan.fit(data.repeat(2), epochs=2, steps_per_epoch=150, verbose=0, shuffle=False)
    assert history.history[set_loss][1] < 0.6 * float(
        tf.reduce_mean(SET_LOSSES[set_loss](_batch()[1], tf.fill((2, 8, 6), 0.5)))
    )


@pytest.mark.parametrize("set_loss", SET_LOSSES)
def test_the_validation_tells_whether_the_posteriors_matter(set_loss: SetLossName) -> None:
    gan = _gan(set_loss=set_loss)
    logs = gan.evaluate(tf.data.Dataset.from_tensors(_batch()), return_dict=True, verbose=0)
    assert {set_loss, "shuffled"} <= set(logs)
