"""Classifiers of a user's own, named by --target=tests.classifiers.own_targets:function."""

import keras
from keras import layers

Shape = tuple[int, ...]


def residual(shape: Shape, classes: int) -> keras.Model:
    """BatchNorm, a residual connection and dropout: no chain."""
    inputs = keras.Input(shape)
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Conv2D(6, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.8)(x))
    y = layers.Conv2D(6, 3, padding="same", activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(layers.Add()([x, y]))
    x = layers.Dropout(0.4)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def chain(shape: Shape, classes: int) -> keras.Model:
    """Every layer that a chain may have, in uncommon places."""
    model = keras.Sequential([keras.Input(shape), layers.Rescaling(1 / 255)])
    model.add(layers.Conv2D(5, (3, 2), padding="same", use_bias=False))
    model.add(layers.SpatialDropout2D(0.2))
    model.add(layers.ReLU())
    model.add(layers.MaxPooling2D())
    model.add(layers.Dropout(0.3))
    model.add(layers.Conv2D(4, 2, activation="tanh"))
    model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dropout(0))
    model.add(layers.Dense(9, use_bias=False))
    model.add(layers.Activation("elu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(classes))
    model.add(layers.Activation("softmax"))
    return model


def logits(shape: Shape, classes: int) -> keras.Model:
    """No softmax."""
    inputs = keras.Input(shape)
    return keras.Model(inputs, layers.Dense(classes)(layers.Flatten()(inputs)))


def sigmoid(shape: Shape, classes: int) -> keras.Model:
    """Each class for itself."""
    inputs = keras.Input(shape)
    return keras.Model(
        inputs, layers.Dense(classes, activation="sigmoid")(layers.Flatten()(inputs))
    )


def unit(shape: Shape, classes: int) -> keras.Model:
    """One sigmoid unit: the second of two classes."""
    inputs = keras.Input(shape)
    x = layers.Dense(5, activation="tanh")(layers.Flatten()(layers.Rescaling(1 / 255)(inputs)))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


def two_inputs(shape: Shape, classes: int) -> keras.Model:
    """A picture and its mask."""
    both = [keras.Input(shape, name="picture"), keras.Input(shape, name="mask")]
    x = layers.Flatten()(layers.Multiply()(both))
    return keras.Model(both, layers.Dense(classes, activation="softmax")(x))


def two_outputs(shape: Shape, classes: int) -> keras.Model:
    """Posteriors and features."""
    inputs = keras.Input(shape)
    x = layers.Flatten()(inputs)
    return keras.Model(inputs, [layers.Dense(classes, activation="softmax")(x), x])


def other_shape(shape: Shape, classes: int) -> keras.Model:
    """Takes vectors of three, whatever it is asked for."""
    inputs = keras.Input((3,))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(inputs))


def other_classes(shape: Shape, classes: int) -> keras.Model:
    """Answers one class more."""
    return residual(shape, classes + 1)


def unbuilt(shape: Shape, classes: int) -> keras.Model:
    """Has no input."""
    return keras.Sequential([layers.Flatten(), layers.Dense(classes, activation="softmax")])


def nothing(shape: Shape, classes: int) -> None:
    """Builds nothing."""


def one_argument(shape: Shape) -> None:
    """Cannot be called with two."""


def any_arguments(*arguments: object) -> keras.Model:
    """Can be called with two."""
    return residual(*arguments)  # type: ignore[arg-type]


NUMBER = 3


class Stepping(keras.Model):
    """Trains in a way of its own."""

    def train_step(self, data: object) -> dict[str, object]:
        """Does nothing."""
        return {}


def own_step(shape: Shape, classes: int) -> keras.Model:
    """A classifier that trains in a way of its own."""
    inputs = keras.Input(shape)
    return Stepping(inputs, layers.Dense(classes, activation="softmax")(layers.Flatten()(inputs)))


class Program(keras.Model):
    """A class of its own, with layers as attributes."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.flat = layers.Flatten()
        self.last = layers.Dense(classes, activation="softmax")

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Posteriors of samples."""
        return self.last(self.flat(x))


def program(shape: Shape, classes: int) -> keras.Model:
    """A class of its own that has been called."""
    model = Program(classes)
    model(keras.Input(shape))
    return model


def half(shape: Shape, classes: int) -> keras.Model:
    """Answers in bfloat16."""
    inputs = keras.Input(shape)
    x = layers.Flatten()(layers.Rescaling(1 / 255)(inputs))
    last = layers.Dense(classes, activation="softmax", dtype="mixed_bfloat16")
    return keras.Model(inputs, last(x))


def uncalled(shape: Shape, classes: int) -> keras.Model:
    """A class of its own that was never called."""
    return Program(classes)
