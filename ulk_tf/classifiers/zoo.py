"""Target classifiers: Keras functional models that take raw pixels and answer posteriors."""

from collections.abc import Callable
from functools import partial

import keras
from keras import layers

from ulk_tf.classifiers import given, own_target
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.reasons import reason

Builder = Callable[[tuple[int, ...], int], keras.Model]
Moments = tuple[Array, Array]


def mnist_cnn(shape: tuple[int, ...], classes: int) -> keras.Model:
    """The MNIST target of the paper's PyTorch code: two 5x5 convolutions, dropout, 50 units.

    Args:
        shape: height, width, channels.
        classes: how many.
    """
    inputs, x = _pixels(shape, mean=0.1307, std=0.3081)
    x = layers.Conv2D(10, 5)(x)
    x = layers.ReLU()(layers.MaxPooling2D()(x))
    x = layers.Conv2D(20, 5)(x)
    x = layers.SpatialDropout2D(0.5)(x)
    x = layers.ReLU()(layers.MaxPooling2D()(x))
    x = layers.Flatten()(x)
    x = layers.Dense(50, activation="relu")(x)
    x = layers.Dropout(0.5)(x)
    return _posteriors(inputs, x, classes, "mnist_cnn")


def lenet(shape: tuple[int, ...], classes: int) -> keras.Model:
    """A LeNet-like CNN for 32x32 colour, as the paper uses for CIFAR-10."""
    inputs, x = _pixels(shape, mean=0.5, std=0.25)
    x = layers.MaxPooling2D()(layers.Conv2D(6, 5, activation="relu")(x))
    x = layers.MaxPooling2D()(layers.Conv2D(16, 5, activation="relu")(x))
    x = layers.Flatten()(x)
    x = layers.Dense(120, activation="relu")(x)
    x = layers.Dense(84, activation="relu")(x)
    return _posteriors(inputs, x, classes, "lenet")


def cnn32(shape: tuple[int, ...], classes: int) -> keras.Model:
    """A larger CNN for 32x32 colour: three double convolutions with dropout."""
    inputs, x = _pixels(shape, mean=0.5, std=0.25)
    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.Dropout(0.25)(layers.MaxPooling2D()(x))
    x = layers.Dense(256, activation="relu")(layers.Flatten()(x))
    x = layers.Dropout(0.5)(x)
    return _posteriors(inputs, x, classes, "cnn32")


def digits_cnn(shape: tuple[int, ...], classes: int) -> keras.Model:
    """A small CNN for 8x8 digits."""
    inputs, x = _pixels(shape, mean=0.3, std=0.38)
    x = layers.MaxPooling2D()(layers.Conv2D(16, 3, padding="same", activation="relu")(x))
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    x = layers.Dense(32, activation="relu")(layers.Flatten()(x))
    x = layers.Dropout(0.25)(x)
    return _posteriors(inputs, x, classes, "digits_cnn")


def mlp(shape: tuple[int, ...], classes: int, moments: Moments | None = None) -> keras.Model:
    """A multilayer perceptron for vectors, or for images as they come.

    Args:
        shape: features; or height, width, channels.
        classes: how many.
        moments: mean and deviation of each feature, by which vectors are normalised inside.
    """
    if len(shape) == 3:
        inputs, x = _pixels(shape, mean=0.5, std=0.5)
    else:
        inputs, x = _vector(shape, moments)
    x = layers.Flatten()(x)
    x = layers.Dense(128, activation="relu")(x)
    x = layers.Dense(64, activation="relu")(x)
    return _posteriors(inputs, x, classes, "mlp")


ZOO: dict[str, Builder] = {
    "mnist_cnn": mnist_cnn,
    "lenet": lenet,
    "cnn32": cnn32,
    "digits_cnn": digits_cnn,
    "mlp": mlp,
}


def choose(target: str, shape: tuple[int, ...]) -> str:
    """The zoo's name for `auto`, by the shape of a sample; any other name as it is.

    Args:
        target: the --target flag.
        shape: of one sample.
    """
    if target != "auto":
        return target
    if len(shape) != 3:
        return "mlp"
    side = min(shape[:2])
    if side < 12:
        return "digits_cnn" if side >= 4 else "mlp"
    return "mnist_cnn" if shape[-1] == 1 and side <= 28 else "lenet"


def find(name: str) -> Builder:
    """The function of a name of the zoo, or of module:function.

    Raises:
        UserError: there is none, or it does not take shape and classes.
    """
    known = given.given(name)
    if known is not None:
        return known.build
    builder = own_target.imported(name) if ":" in name else ZOO.get(name)
    if builder is None:
        raise UserError(f"--target of auto, {', '.join(ZOO)} or module:function", repr(name))
    return builder


def build(
    target: str, shape: tuple[int, ...], classes: int, moments: Moments | None = None
) -> keras.Model:
    """Make a target classifier with fresh weights.

    Args:
        target: auto, a name of the zoo, or module:function; the function takes the shape of a
            sample and the number of classes and returns a Keras model with softmax output.
        shape: of one sample.
        classes: how many.
        moments: of a data set of vectors, as `Dataset` has them; only the zoo's mlp needs them.

    Raises:
        UserError: unknown, cannot be built for this shape, or does not answer posteriors.
    """
    name = choose(target, shape)
    builder = find(name)
    if builder is mlp:
        builder = partial(mlp, moments=moments)
    try:
        model = builder(shape, classes)
    except ValueError as error:
        raise UserError(
            f"a target that takes samples of shape {shape}",
            f"{name} ({reason(error, named=False)})",
        ) from error
    if not isinstance(model, keras.Model):
        raise own_target.no_target(classes, type(model).__name__)
    if ":" in name:
        own_target.check(name, model, shape, classes)
    return model


def _pixels(
    shape: tuple[int, ...], mean: float, std: float
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """An input of raw pixels, 0 to 255, and the same normalised by mean and std of [0, 1]."""
    inputs = keras.Input(shape, name="samples")
    return inputs, layers.Rescaling(1 / (255 * std), offset=-mean / std)(inputs)


def _vector(
    shape: tuple[int, ...], moments: Moments | None
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """An input of raw features, and the same normalised one by one: their scales may differ."""
    inputs = keras.Input(shape, name="samples")
    if moments is None:
        return inputs, inputs
    mean, deviation = moments
    return inputs, layers.Normalization(mean=mean, variance=deviation**2)(inputs)


def _posteriors(
    inputs: keras.KerasTensor, x: keras.KerasTensor, classes: int, name: str
) -> keras.Model:
    outputs = layers.Dense(classes, activation="softmax", name="posteriors")(x)
    return keras.Model(inputs, outputs, name=name)
