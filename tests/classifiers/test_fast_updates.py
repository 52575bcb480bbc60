"""The special path of the update engine: the general one's answers to 1e-5, in the same cases."""

from collections.abc import Callable
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from ulk_tf.classifiers import zoo
from ulk_tf.classifiers.chain import Chain, as_chain
from ulk_tf.classifiers.stages import Convolution
from ulk_tf.classifiers.updates import UpdateEngine
from ulk_tf.settings.update_config import UpdateConfig

OWN = "tests.classifiers.own_targets"
SHAPES = {
    "mnist_cnn": (28, 28, 1),
    "lenet": (32, 32, 3),
    "cnn32": (32, 32, 3),
    "digits_cnn": (8, 8, 1),
    "mlp": (7,),
    f"{OWN}:chain": (9, 7, 2),
}
CONFIG = UpdateConfig(set_size=10, update_learning_rate=0.01, update_batch=8, update_epochs=2)


def agree(model: keras.Model, config: UpdateConfig, updates: int = 6, probes: int = 5) -> None:
    """Assert that both paths give the same posteriors, which the updates have moved."""
    rng = np.random.default_rng(2)
    shape = model.input_shape[1:]

    def drawn(*counts: int) -> np.ndarray:
        if len(shape) == 1:
            return rng.normal(size=(*counts, *shape)).astype(np.float32)
        return rng.integers(0, 256, (*counts, *shape), dtype=np.uint8)

    probing_set, samples = drawn(probes), drawn(updates, config.set_size)
    labels = rng.integers(0, 10, (updates, config.set_size)).astype(np.int32)
    seeds = rng.integers(0, 2**31 - 1, (updates, 2)).astype(np.int32)
    weights = model.get_weights()
    assert as_chain(model) is not None
    fast, general = (UpdateEngine(model, config, probing_set, s) for s in (True, False))
    before, after = fast.before(weights), fast.after(weights, samples, labels, seeds)
    np.testing.assert_allclose(before, general.before(weights), atol=1e-6)
    expected = general.after(weights, samples, labels, seeds)
    np.testing.assert_allclose(after, expected, atol=1e-5)
    assert np.abs(after - before).max() > 1e-3


@pytest.mark.parametrize(
    "target",
    [pytest.param(t, marks=pytest.mark.slow if t == "cnn32" else ()) for t in SHAPES],
)
def test_both_paths_agree(target: str) -> None:
    keras.utils.set_random_seed(4)
    agree(zoo.build(target, SHAPES[target], 10), CONFIG, updates=3 if target == "cnn32" else 6)


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(replace(CONFIG, **changed), marks=marks, id=name)
        for name, changed, marks in (
            ("one sample", {"set_size": 1, "update_epochs": 1}, ()),
            (
                "hundred samples",
                {"set_size": 100, "update_batch": 64, "update_epochs": 3},
                pytest.mark.slow,
            ),
            ("no momentum", {"update_momentum": 0.0}, pytest.mark.slow),
            (
                "adam",
                {"update_optimizer": "adam", "update_learning_rate": 0.003},
                pytest.mark.slow,
            ),
        )
    ],
)
def test_both_paths_agree_for_every_update(config: UpdateConfig) -> None:
    keras.utils.set_random_seed(4)
    agree(zoo.build("mnist_cnn", (28, 28, 1), 10), config, probes=3)


def test_vectors_are_normalised_on_both_paths() -> None:
    keras.utils.set_random_seed(4)
    moments = (np.full(7, 0.5, np.float32), np.geomspace(0.1, 10, 7).astype(np.float32))
    agree(zoo.build("mlp", (7,), 10, moments), CONFIG)


def test_a_pooling_is_moved_to_its_convolution() -> None:
    chain = as_chain(zoo.build("mnist_cnn", (28, 28, 1), 10))
    assert isinstance(chain, Chain)
    pooled = [s for s in (chain.first, *chain.rest) if isinstance(s, Convolution) and s.pooled]
    assert len(pooled) == 2
    assert [type(layer).__name__ for layer in chain.preparing] == ["Rescaling"]


class Program(keras.Model):
    """A model with a `call` of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(10, activation="softmax")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.dense(x * 2)


def sequence(shape: tuple[int, ...], *inner: layers.Layer) -> keras.Model:
    last = layers.Dense(10, activation="softmax")
    return keras.Sequential([keras.Input(shape), *inner, layers.Flatten(), last])


def shared() -> keras.Model:
    inputs, layer = keras.Input((10,)), layers.Dense(10, activation="softmax")
    return keras.Model(inputs, layer(layer(inputs)))


def branching() -> keras.Model:
    inputs = keras.Input((10,))
    x = layers.Dense(10)(inputs)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x + inputs))


def frozen() -> keras.Model:
    model = sequence((8,), layers.Dense(4))
    model.layers[0].trainable = False
    return model


def called() -> keras.Model:
    model = Program()
    model(np.zeros((1, 4), np.float32))
    return model


NO_CHAINS = {
    "shared weights": shared,
    "branch": branching,
    "frozen layer": frozen,
    "own call": called,
    "no weights": lambda: keras.Sequential([keras.Input((10,)), layers.Activation("softmax")]),
    "batch norm": lambda: sequence((8,), layers.Dense(4), layers.BatchNormalization()),
    "noise": lambda: sequence((8,), layers.GaussianNoise(1.0), layers.Dense(4)),
    "early dropout": lambda: sequence((8,), layers.Dropout(0.5), layers.Dense(4)),
    "stride": lambda: sequence((8, 8, 1), layers.Conv2D(2, 3, strides=2)),
    "dilation": lambda: sequence((8, 8, 1), layers.Conv2D(2, 3, dilation_rate=2)),
    "groups": lambda: sequence((8, 8, 2), layers.Conv2D(2, 3, groups=2)),
    "wide pooling": lambda: sequence((9, 9, 1), layers.Conv2D(2, 3), layers.MaxPooling2D(3)),
    "padded pooling": lambda: sequence(
        (9, 9, 1), layers.Conv2D(2, 3), layers.MaxPooling2D(padding="same")
    ),
    "leaky": lambda: sequence((8,), layers.Dense(4), layers.ReLU(negative_slope=0.1)),
    "capped": lambda: sequence((8,), layers.Dense(4), layers.ReLU(max_value=6)),
    "own activation": lambda: sequence((8,), layers.Dense(4, activation=lambda x: x * 2)),
    "half precision": lambda: sequence((8,), layers.Dense(4, dtype="mixed_bfloat16")),
    "dense on images": lambda: sequence((4, 4, 2), layers.Dense(3)),
    "masked dropout": lambda: sequence(
        (4, 4, 2), layers.Conv2D(3, 2), layers.Dropout(0.5, noise_shape=(None, 1, 1, 3))
    ),
}  # fmt: skip


SETTINGS = {
    "kernel_regularizer": "l2",
    "bias_regularizer": "l1",
    "activity_regularizer": "l2",
    "kernel_constraint": "unit_norm",
    "bias_constraint": "non_neg",
    "lora_rank": 1,
    "trainable": False,
    "dtype": "mixed_float16",
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("kind", ["Dense", "Conv2D"])
def test_any_setting_that_nobody_reads_is_no_chain(kind: str, setting: str) -> None:
    def layer(**settings: object) -> layers.Layer:
        return layers.Dense(3, **settings) if kind == "Dense" else layers.Conv2D(3, 2, **settings)

    inner = [layers.Flatten()] if kind == "Dense" else []
    assert as_chain(sequence((4, 4, 1), *inner, layer())) is not None
    assert as_chain(sequence((4, 4, 1), *inner, layer(**{setting: SETTINGS[setting]}))) is None


def test_settings_that_come_late_are_no_chain() -> None:
    def late(change: Callable[[layers.Layer], object]) -> Chain | None:
        model = sequence((8,), layers.Dense(4))
        change(model.layers[0])
        return as_chain(model)

    assert late(lambda layer: None) is not None
    assert (
        late(lambda layer: setattr(layer.kernel, "constraint", keras.constraints.NonNeg())) is None
    )
    assert late(lambda layer: setattr(layer.bias, "regularizer", keras.regularizers.L1())) is None
    assert late(lambda layer: layer.enable_lora(1)) is None
    assert late(lambda layer: layer.quantize("int8")) is None
    # A layer without weights adds losses, too.
    pooled = layers.MaxPooling2D(activity_regularizer="l2")
    assert as_chain(sequence((8, 8, 1), layers.Conv2D(2, 3), pooled)) is None
    early = layers.Rescaling(2.0, activity_regularizer="l2")
    assert as_chain(sequence((8,), early, layers.Dense(4))) is None
    whole = keras.Sequential([keras.Input((4,), dtype="int32"), layers.Dense(3)])
    assert as_chain(whole) is None


@pytest.mark.parametrize(
    ("optimizer", "loss", "chain"),
    [
        (keras.optimizers.SGD(0.1, 0.9), "sparse_categorical_crossentropy", True),
        (keras.optimizers.Adam(0.1), keras.losses.SparseCategoricalCrossentropy(), True),
        (keras.optimizers.SGD(0.1, clipnorm=1.0), "sparse_categorical_crossentropy", False),
        (keras.optimizers.Adam(0.1, beta_1=0.5), "sparse_categorical_crossentropy", False),
        (keras.optimizers.AdamW(0.1), "sparse_categorical_crossentropy", False),
        (keras.optimizers.SGD(0.1), "categorical_crossentropy", False),
        (keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(True), False),
    ],
)
def test_a_compiled_model_is_a_chain_with_a_plain_rule_only(
    optimizer: keras.Optimizer, loss: object, chain: bool
) -> None:
    model = sequence((8,), layers.Dense(4))
    model.compile(optimizer, loss)
    assert (as_chain(model) is not None) == chain
    assert as_chain(model, compiled=False) is not None


@pytest.mark.parametrize("name", NO_CHAINS)
def test_any_other_model_stays_as_it_is(name: str) -> None:
    assert as_chain(NO_CHAINS[name]()) is None
