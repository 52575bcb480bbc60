"""Target classifiers: Keras functional models that take raw pixels and answer posteriors."""

import importlib
import inspect
from collections.abc import Callable

import keras
from keras import layers

from ulk_tf.errors import UserError

Builder = Callable[[tuple[int, ...], int], keras.Model]


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


def mlp(shape: tuple[int, ...], classes: int) -> keras.Model:
    """A multilayer perceptron for vectors, or for images as they come."""
    inputs, x = _pixels(shape, mean=0.5, std=0.5) if len(shape) == 3 else _vector(shape)
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


def build(target: str, shape: tuple[int, ...], classes: int) -> keras.Model:
    """Make a target classifier with fresh weights.

    Args:
        target: auto, a name of the zoo, or module:function; the function takes the shape of a
            sample and the number of classes and returns a Keras model with softmax output.
        shape: of one sample.
        classes: how many.

    Raises:
        UserError: unknown, cannot be built for this shape, or does not answer posteriors.
    """
    name = choose(target, shape)
    builder = _imported(name) if ":" in name else ZOO.get(name)
    if builder is None:
        raise UserError(f"--target of auto, {', '.join(ZOO)} or module:function", repr(target))
    try:
        model = builder(shape, classes)
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"a target that takes samples of shape {shape}", f"{name} ({reason})"
        ) from error
    if not isinstance(model, keras.Model) or model.output_shape != (None, classes):
        shown = getattr(model, "output_shape", type(model).__name__)
        raise UserError(f"--target to build a keras.Model with output (None, {classes})", shown)
    return model


def _imported(path: str) -> Builder:
    module, _, name = path.partition(":")
    try:
        builder = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UserError(
            "--target=module:function that can be imported", f"{path} ({error})"
        ) from error
    if not callable(builder) or len(inspect.signature(builder).parameters) < 2:
        raise UserError("a function of (sample shape, classes)", path)
    return builder


def _pixels(
    shape: tuple[int, ...], mean: float, std: float
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """An input of raw pixels, 0 to 255, and the same normalised by mean and std of [0, 1]."""
    inputs = keras.Input(shape, name="samples")
    return inputs, layers.Rescaling(1 / (255 * std), offset=-mean / std)(inputs)


def _vector(shape: tuple[int, ...]) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    inputs = keras.Input(shape, name="samples")
    return inputs, layers.LayerNormalization(center=False, scale=False)(inputs)


def _posteriors(
    inputs: keras.KerasTensor, x: keras.KerasTensor, classes: int, name: str
) -> keras.Model:
    outputs = layers.Dense(classes, activation="softmax", name="posteriors")(x)
    return keras.Model(inputs, outputs, name=name)
