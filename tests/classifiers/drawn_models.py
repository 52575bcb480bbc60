"""Small classifiers and optimizers, drawn from everything that `fit` heeds."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from keras import constraints, layers, regularizers

SHAPE, CLASSES = (4, 4, 1), 3


@keras.saving.register_keras_serializable("drawn")
class Penalty(layers.Layer):
    """Adds a loss that depends on its input and on a weight."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        self.add_loss(0.1 * keras.ops.mean(keras.ops.square(x * self.scale - 0.3)))
        return x * self.scale


def dense(**settings: object) -> layers.Layer:
    return layers.Dense(5, activation="tanh", **settings)


def nested(depth: int = 2) -> keras.Model:
    inner = [nested(depth - 1)] if depth else []
    return keras.Sequential(
        [keras.Input((5,)), dense(kernel_regularizer="l2"), layers.Dropout(0.2), *inner]
    )


def shared() -> Callable[[keras.KerasTensor], keras.KerasTensor]:
    layer = dense(kernel_constraint=constraints.MaxNorm(0.9), kernel_regularizer="l1")
    return lambda x: layers.Add()([layer(layer(x)), x])


# A name -> what makes a layer, or a function of tensors, from five features to five.
INGREDIENTS: dict[str, Callable[[], Callable[[keras.KerasTensor], keras.KerasTensor]]] = {
    "l1": lambda: dense(kernel_regularizer=regularizers.L1(0.02)),
    "l2": lambda: dense(kernel_regularizer=regularizers.L2(0.05), bias_regularizer="l2"),
    "orthogonal": lambda: dense(kernel_regularizer=regularizers.OrthogonalRegularizer(0.05)),
    "MaxNorm": lambda: dense(kernel_constraint=constraints.MaxNorm(0.8)),
    "NonNeg": lambda: dense(kernel_constraint="non_neg", bias_constraint="non_neg"),
    "UnitNorm": lambda: dense(kernel_constraint="unit_norm"),
    "MinMaxNorm": lambda: dense(kernel_constraint=constraints.MinMaxNorm(0.3, 0.7, rate=0.5)),
    "activity regularizer": lambda: dense(activity_regularizer=regularizers.L2(0.05)),
    "ActivityRegularization": lambda: layers.ActivityRegularization(l1=0.01, l2=0.02),
    "add_loss": Penalty,
    "BatchNormalization": lambda: layers.BatchNormalization(momentum=0.8),
    "frozen BatchNormalization": lambda: layers.BatchNormalization(trainable=False),
    "GaussianNoise": lambda: layers.GaussianNoise(0.2),
    "GaussianDropout": lambda: layers.GaussianDropout(0.2),
    "AlphaDropout": lambda: layers.AlphaDropout(0.2),
    "Dropout": lambda: layers.Dropout(0.3),
    "frozen": lambda: dense(trainable=False, kernel_regularizer="l2", kernel_constraint="non_neg"),
    "nested": nested,
    "shared": shared,
}
OPTIMIZERS: dict[str, Callable[..., keras.Optimizer] | None] = {
    "SGD": lambda **more: keras.optimizers.SGD(momentum=0.9, **more),
    "nesterov": lambda **more: keras.optimizers.SGD(momentum=0.8, nesterov=True, **more),
    "Adam": keras.optimizers.Adam,
    "AdamW": keras.optimizers.AdamW,
    "RMSprop": keras.optimizers.RMSprop,
    "Adagrad": keras.optimizers.Adagrad,
    "Nadam": keras.optimizers.Nadam,
    "Lion": keras.optimizers.Lion,
    "not compiled": None,
}
OPTIONS: dict[str, dict[str, object]] = {
    "clipnorm": {"clipnorm": 0.1},
    "clipvalue": {"clipvalue": 0.02},
    "global_clipnorm": {"global_clipnorm": 0.1},
    "weight_decay": {"weight_decay": 0.1},
    "EMA": {"use_ema": True, "ema_momentum": 0.6},
    "EMA overwriting": {"use_ema": True, "ema_momentum": 0.6, "ema_overwrite_frequency": 2},
    "schedule": {"learning_rate": keras.optimizers.schedules.ExponentialDecay(0.05, 1, 0.5)},
    "accumulation": {"gradient_accumulation_steps": 2},
}
LOSSES: dict[str, object] = {
    "plain": "sparse_categorical_crossentropy",
    "one-hot": "categorical_crossentropy",
    "smoothed": keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    "squared": "mean_squared_error",
}
# Samples in an updating set, in a batch, epochs: batches that divide the set, and that do not.
SIZES = ((3, 2, 2), (6, 3, 1), (3, 4, 2), (4, 2, 1), (5, 3, 1))


@dataclass(frozen=True)
class Drawn:
    """A classifier, and how it is trained, as names.

    Attributes:
        ingredients: names of what it is made of, in order.
        optimizer: name of its optimizer.
        option: name of what else the optimizer does; empty without an own one.
        loss: name of its loss; empty without an own one.
        sizes: samples in an updating set, in a batch, epochs.
        seed: of its weights and samples.
    """

    ingredients: tuple[str, ...]
    optimizer: str
    option: str
    loss: str
    sizes: tuple[int, int, int]
    seed: int

    @property
    def names(self) -> tuple[str, ...]:
        """All that it stands for."""
        return (*self.ingredients, self.optimizer, *filter(None, (self.option, self.loss)))

    def model(self) -> keras.Model:
        """The classifier, with the same weights every time."""
        keras.utils.set_random_seed(self.seed)
        inputs = keras.Input(SHAPE)
        x = layers.Conv2D(3, 2, activation="tanh")(inputs)
        x = layers.Dense(5, activation="tanh")(layers.Flatten()(x))
        for name in self.ingredients:
            x = INGREDIENTS[name]()(x)
        model = keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(x))
        # Moving statistics and biases that are not as they begin.
        rng = np.random.default_rng(self.seed)
        for variable in model.weights:
            if len(variable.shape) == 1:
                variable.assign(np.asarray(variable) + rng.uniform(0, 0.2, variable.shape))
        make = OPTIMIZERS[self.optimizer]
        if make is not None:
            model.compile(make(**{"learning_rate": 0.02} | OPTIONS[self.option]), LOSSES[self.loss])
        return model


def draw(count: int, seed: int, ingredients: int = 4) -> list[Drawn]:
    """Draw classifiers such that every name occurs about as often as any other of its kind.

    Args:
        count: how many.
        seed: of the draw.
        ingredients: of each.
    """
    rng = np.random.default_rng(seed)

    def dealt(names: list[str], total: int) -> list[str]:
        rounds = -(-total // len(names))
        return [name for _ in range(rounds) for name in rng.permutation(names)][:total]

    blocks = dealt(list(INGREDIENTS), count * ingredients)
    kinds, options = dealt(list(OPTIMIZERS), count), iter(dealt(list(OPTIONS), count))
    usual = ["plain", *LOSSES]
    return [
        Drawn(
            ingredients=tuple(blocks[ingredients * number : ingredients * (number + 1)]),
            optimizer=kind,
            # Flags alone decide over a model that was not compiled.
            option=next(options) if OPTIMIZERS[kind] else "",
            loss=usual[number % len(usual)] if OPTIMIZERS[kind] else "",
            sizes=SIZES[number % len(SIZES)],
            seed=seed + number,
        )
        for number, kind in enumerate(kinds)
    ]
