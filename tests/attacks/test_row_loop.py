"""Training loop of label attacks: the steps of Keras' `fit`, for one model after another."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from ulk_tf.attacks import row_loop
from ulk_tf.attacks.adam import OneKernelAdam
from ulk_tf.attacks.byte_dropout import ByteDropout
from ulk_tf.attacks.fit import Fitted, Schedule, at_once, fit
from ulk_tf.attacks.row_loop import RowLoop
from ulk_tf.corpus.pipeline import passes
from ulk_tf.settings.attack_configs import LabelConfig

CONFIG = LabelConfig(batch=8, epochs=3, weight_decay=1e-3, learning_rate=0.01)
# 38 steps are two calls of the graph; the last batch of an epoch is smaller.
STEPS = 38
COUNTS = {"shadow": STEPS * CONFIG.batch - 5, "validation": 21}
RNG = np.random.default_rng(0)
X = {role: RNG.normal(size=(count, 6)).astype(np.float32) for role, count in COUNTS.items()}
Y = {role: RNG.dirichlet(np.ones(3), count).astype(np.float32) for role, count in COUNTS.items()}
LOSS = "kl_divergence"


def build(seed: int) -> keras.Model:
    source = keras.Input((6,))
    x = layers.Dense(8, kernel_initializer=keras.initializers.GlorotUniform(seed))(source)
    x = ByteDropout(0.3, seed=seed)(layers.LeakyReLU(0.2)(x))
    scores = layers.Dense(3, kernel_initializer=keras.initializers.GlorotUniform(seed + 1))(x)
    return keras.Model(source, layers.Softmax()(scores))


def gather(role: str) -> object:
    return lambda rows: (tf.gather(X[role], rows), tf.gather(Y[role], rows))


def loop() -> RowLoop:
    return RowLoop(build(0), LOSS, CONFIG, COUNTS, {role: gather(role) for role in COUNTS})


def schedule(steps: int, state: Path | None = None) -> Schedule:
    return Schedule("training", CONFIG.epochs, steps, "val_loss", 9, state, "a corpus")


def by_keras(model: keras.Model, seed: int) -> Fitted:
    rate = keras.optimizers.schedules.CosineDecay(0.01, CONFIG.epochs * STEPS, alpha=0.02)
    adam = OneKernelAdam(rate, weight_decay=CONFIG.weight_decay)
    model.compile(adam, LOSS, jit_compile=False, steps_per_execution=at_once(STEPS))
    adam.build(model.trainable_variables)
    return fit(
        model,
        [adam],
        lambda taken: (
            passes(COUNTS["shadow"], CONFIG.batch, seed).skip(taken).map(gather("shadow"))
        ),
        tf.data.Dataset.range(COUNTS["validation"]).batch(CONFIG.batch).map(gather("validation")),
        schedule(STEPS),
    )


def same(found: Fitted, expected: Fitted) -> None:
    assert found.curves == expected.curves
    for own, other in zip(found.model.variables, expected.model.variables, strict=True):
        np.testing.assert_array_equal(own, other)


def test_models_one_after_another_are_those_of_fit() -> None:
    trained = loop()
    assert trained.steps == STEPS
    for seed in (3, 4):
        found = trained.train(build(seed), seed, schedule(trained.steps))
        same(found, by_keras(build(seed), seed))


def test_a_killed_training_goes_on_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state.npz"
    own, asked = row_loop._figures, []

    def killed(model: keras.Model) -> dict[str, float]:
        asked.append(model)
        if len(asked) == 3:  # twice in an epoch
            raise KeyboardInterrupt
        return own(model)

    with monkeypatch.context() as patched:
        patched.setattr(row_loop, "_figures", killed)
        with pytest.raises(KeyboardInterrupt):
            loop().train(build(3), 3, schedule(STEPS, state))
    assert state.is_file()
    same(
        loop().train(build(3), 3, schedule(STEPS, state)),
        loop().train(build(3), 3, schedule(STEPS)),
    )


def test_a_loop_can_share_the_variables_of_its_model() -> None:
    model = build(3)
    one = RowLoop(model, LOSS, CONFIG, COUNTS, {role: gather(role) for role in COUNTS})
    same(one.train(model, 3, schedule(STEPS)), loop().train(build(3), 3, schedule(STEPS)))
