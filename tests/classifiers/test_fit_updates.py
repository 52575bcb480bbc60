"""The widest path: an L2 penalty, own models, own losses, half precision, and the same bits."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.classifiers.fitting import FLAGS, SEED, by_fit, check, sized
from ulk_tf.classifiers.updates import UpdateEngine, engine_version
from ulk_tf.errors import UserError

SHAPE, CLASSES = (6, 6, 1), 3


def classifier(*inner: layers.Layer, seed: int = 1, **last: object) -> keras.Model:
    keras.utils.set_random_seed(seed)
    inputs = keras.Input(SHAPE)
    x = layers.Flatten()(inputs)
    for layer in inner:
        x = layer(x)
    return keras.Model(inputs, layers.Dense(CLASSES, activation="softmax", **last)(x))


def compiled(optimizer: object, loss: object, *inner: layers.Layer, **more: object) -> keras.Model:
    model = classifier(*inner)
    model.compile(optimizer, loss, **more)
    return model


@pytest.mark.parametrize("fast", [True, False])
def test_a_penalty_on_weights_is_part_of_an_update(fast: bool) -> None:
    def build() -> keras.Model:
        keras.utils.set_random_seed(2)
        inputs = keras.Input(SHAPE)
        x = layers.Conv2D(4, 3, activation="relu", kernel_regularizer=keras.regularizers.L2(0.05))(
            inputs
        )
        x = layers.Dense(8, kernel_regularizer=keras.regularizers.L2(0.05))(layers.Flatten()(x))
        return keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(x))

    check(build, sized(10, 4, 2), SHAPE, CLASSES, fast)


class Program(keras.Model):
    """A class of its own, called once."""

    def __init__(self) -> None:
        super().__init__()
        self.flat, self.drop = layers.Flatten(), layers.Dropout(0.3)
        self.dense = layers.Dense(5, activation="tanh", kernel_regularizer="l2")
        self.last = layers.Dense(CLASSES, activation="softmax")

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        return self.last(self.drop(self.dense(self.flat(x)), training=training))

    @property
    def output_shape(self) -> tuple[None, int]:
        return None, CLASSES


def program(optimizer: object = None) -> keras.Model:
    keras.utils.set_random_seed(3)
    model = Program()
    model(np.zeros((1, *SHAPE), np.float32))
    if optimizer:
        model.compile(optimizer, "sparse_categorical_crossentropy")
    return model


@keras.saving.register_keras_serializable("drawn")
def own_loss(labels: tf.Tensor, answers: tf.Tensor) -> tf.Tensor:
    """Cross-entropy, and a penalty on sure answers."""
    losses = keras.losses.sparse_categorical_crossentropy(labels, answers)
    return losses + 0.1 * keras.ops.sum(answers * answers, -1)


def embedding() -> keras.Model:
    keras.utils.set_random_seed(4)
    inputs = keras.Input(SHAPE)
    x = layers.Embedding(3, 4)(layers.Flatten()(layers.Rescaling(1.4, 1.4)(inputs)))
    model = keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(layers.Flatten()(x)))
    model.compile(keras.optimizers.SGD(0.1, 0.9, clipnorm=0.05), own_loss)
    return model


def unlabelled() -> keras.Model:
    model = classifier(activity_regularizer=keras.regularizers.L2(0.5))
    model.compile(keras.optimizers.SGD(0.5))
    return model


def excluded() -> keras.Model:
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return compiled(optimizer, own_loss)


BUILT: dict[str, Callable[[], keras.Model]] = {
    "own model": program,
    "own model, compiled": lambda: program(keras.optimizers.RMSprop(0.01)),
    "own loss": lambda: compiled(keras.optimizers.Adam(0.01), own_loss),
    "weighted loss": lambda: compiled(
        keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", loss_weights=[0.3]
    ),
    "no labels": unlabelled,
    "weights that a call moves": lambda: classifier(
        layers.SpectralNormalization(layers.Dense(4)), layers.BatchNormalization()
    ),
    "adapter": lambda: classifier(layers.Dense(5, lora_rank=2, kernel_regularizer="l2")),
    "two losses": lambda: compiled(keras.optimizers.SGD(0.1), ["mse", "categorical_crossentropy"]),
    "unused weights": lambda: compiled(
        keras.optimizers.AdamW(0.01), own_loss, layers.Dense(3, trainable=False)
    ),
    "indexed gradients": embedding,
    "excluded from decay": excluded,
}

# One for each way of naming a loss; the others are slow tests.
FAST = ("own model, compiled", "own loss", "no labels", "excluded from decay")


@pytest.mark.parametrize(
    "name",
    [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in BUILT],
)
def test_own_models_and_losses(name: str) -> None:
    check(BUILT[name], sized(5, 2, 2), SHAPE, CLASSES)


@pytest.mark.parametrize(
    "loss", [None, "binary_crossentropy", keras.losses.BinaryCrossentropy(label_smoothing=0.2)]
)
def test_one_sigmoid_unit_is_trained_as_fit_does(loss: object) -> None:
    def build(loss: object) -> keras.Model:
        keras.utils.set_random_seed(5)
        x = layers.Dense(5, activation="tanh")
        unit = layers.Dense(1, activation="sigmoid")
        model = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), x, unit])
        if loss:
            rule = keras.optimizers.SGD(FLAGS.update_learning_rate, FLAGS.update_momentum)
            model.compile(rule, loss)
        return model

    config, rng = sized(5, 2, 2), np.random.default_rng(0)
    samples = rng.uniform(-1, 1, (5, *SHAPE)).astype(np.float32)
    labels = np.array([0, 1, 1, 0, 1], np.int32)
    model, fitted = build(loss), build(loss or "binary_crossentropy")
    weights, before = model.get_weights(), np.asarray(fitted(samples))
    by_fit(fitted, config, samples, labels)
    second = np.asarray(fitted(samples))
    assert np.abs(second - before).max() > 1e-2
    after = UpdateEngine(model, config, samples).after(
        weights, samples[None], labels[None], SEED[None]
    )[0]
    np.testing.assert_allclose(after, np.concatenate([1 - second, second], 1), atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_other_precisions_are_followed(policy: str) -> None:
    def build() -> keras.Model:
        previous = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        try:
            return classifier(layers.Dense(6, activation="tanh"), dtype="float32")
        finally:
            keras.config.set_dtype_policy(previous)

    check(build, sized(5, 2, 2), SHAPE, CLASSES, eagerly=False)


def test_a_compiled_plain_rule_keeps_the_fast_path() -> None:
    def build() -> keras.Model:
        return compiled(keras.optimizers.SGD(0.2, 0.5), "sparse_categorical_crossentropy")

    for fast in (True, False):
        check(build, sized(5, 2, 2), SHAPE, CLASSES, fast)
    assert engine_version(build()).startswith("chain-")
    assert engine_version(build()) != engine_version(build(), compiled=False)


def test_flags_may_decide_over_a_compiled_model() -> None:
    model = compiled(keras.optimizers.Lion(0.3), "mse")
    samples = np.random.default_rng(0).uniform(size=(1, 5, *SHAPE)).astype(np.float32)
    update = model.get_weights(), samples, np.zeros((1, 5), np.int32), SEED[None]
    config = sized(5, 2, 1)
    flags = UpdateEngine(model, config, samples[0], compiled=False).after(*update)
    plain = UpdateEngine(classifier(), config, samples[0]).after(*update)
    np.testing.assert_array_equal(flags, plain)
    assert np.abs(UpdateEngine(model, config, samples[0]).after(*update) - plain).max() > 0.01


def test_an_optimizer_that_has_taken_steps_begins_anew() -> None:
    model = compiled(keras.optimizers.Nadam(0.05), "mse")
    weights = model.get_weights()
    samples = np.random.default_rng(0).uniform(size=(1, 5, *SHAPE)).astype(np.float32)
    update = weights, samples, np.zeros((1, 5), np.int32), SEED[None]
    config = sized(5, 2, 1)
    first = UpdateEngine(model, config, samples[0]).after(*update)
    model.run_eagerly, model.jit_compile = True, False
    model.fit(samples[0], np.eye(CLASSES, dtype=np.float32)[[0, 1, 2, 0, 1]], verbose=0)
    taken = [np.asarray(variable) for variable in model.optimizer.variables]
    np.testing.assert_array_equal(UpdateEngine(model, config, samples[0]).after(*update), first)
    for variable, value in zip(model.optimizer.variables, taken, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_the_same_bits_however_updates_are_divided() -> None:
    def build() -> keras.Model:
        inner = layers.Dense(4, kernel_constraint="unit_norm"), layers.Dropout(0.3)
        return compiled(keras.optimizers.Adam(0.01, use_ema=True), own_loss, *inner)

    rng = np.random.default_rng(0)
    samples = rng.uniform(-1, 1, (9, 4, *SHAPE)).astype(np.float32)
    labels = rng.integers(0, CLASSES, (9, 4)).astype(np.int32)
    seeds = rng.integers(0, 2**31 - 1, (9, 2)).astype(np.int32)
    engine, other = (UpdateEngine(build(), sized(4, 2, 2), samples[0]) for _ in range(2))
    weights = engine.model.get_weights()
    whole = engine.after(weights, samples, labels, seeds)
    assert len(np.unique(whole[:, 0, 0])) == 9
    for chunk_size in (1, 4):
        again = engine.after(weights, samples, labels, seeds, chunk_size=chunk_size)
        np.testing.assert_array_equal(again, whole)
    part = slice(3, 5)
    again = other.after(weights, samples[part], labels[part], seeds[part], first=3)
    np.testing.assert_array_equal(again, whole[part])


class Stubborn(keras.optimizers.SGD):
    """Cannot be made anew."""

    def __init__(self, secret: object) -> None:
        super().__init__(0.1)
        self.secret = secret


def trained_once() -> keras.Model:
    model = compiled(Stubborn(object()), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def frozen_late() -> keras.Model:
    model = compiled(keras.optimizers.Adam(), "mse", layers.Dense(2))
    model.optimizer.build(model.trainable_variables)
    model.layers[2].trainable = False
    return model


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: compiled("adam", lambda y, p: (y - p) ** 2), "whose loss takes integer labels"),
        (lambda: compiled("adam", None), "whose loss takes integer labels.*No loss to compute"),
        (lambda: compiled("adam", ["mse", own_loss]), "take the same labels.*own_loss"),
        (trained_once, "made anew from its get_config. Received Stubborn"),
        (frozen_late, "compiled after its layers were frozen"),
    ],
    ids=["one-hot", "no loss", "other labels", "stubborn", "frozen late"],
)
def test_what_cannot_be_followed(build: Callable[[], keras.Model], told: str) -> None:
    with pytest.raises(UserError, match=told):
        UpdateEngine(build(), FLAGS, np.zeros((2, *SHAPE), np.float32))
