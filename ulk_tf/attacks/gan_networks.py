"""Generators and discriminators of BM-GAN, by what a sample is."""

import math
from collections.abc import Callable

import keras
from keras import layers

Shape = tuple[int, ...]


def dense_generator(inputs: int, shape: Shape, width: int, seed: int) -> keras.Model:
    """The paper's generator: dense layers with BatchNorm and ReLU; pixels in [0, 1].

    The published code ends in tanh on normalised images, which cannot draw white; a sigmoid on
    [0, 1] can.

    Args:
        inputs: width of noise, code and label together.
        shape: of a sample.
        width: of the hidden layers; the paper's is 2048.
        seed: of the initial weights.
    """
    x = source = keras.Input((inputs,))
    for number in range(3 if width >= 1024 else 2):
        x = layers.Dense(width, use_bias=False, kernel_initializer=_glorot(seed + number))(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Dense(math.prod(shape), "sigmoid", kernel_initializer=_glorot(seed + 9))(x)
    return keras.Model(source, x, name="generator")


def conv_generator(inputs: int, shape: Shape, width: int, seed: int) -> keras.Model:
    """Transposed convolutions for colour images whose sides divide by four.

    Args:
        inputs: width of noise, code and label together.
        shape: height, width, channels.
        width: of the dense layer before the first feature map.
        seed: of the initial weights.
    """
    height, breadth, channels = shape
    filters = max(width // 8, 8)
    x = source = keras.Input((inputs,))
    x = layers.Dense(width, use_bias=False, kernel_initializer=_glorot(seed))(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Dense(height // 4 * (breadth // 4) * filters, kernel_initializer=_glorot(seed + 1))(
        x
    )
    x = layers.ReLU()(layers.Reshape((height // 4, breadth // 4, filters))(x))
    for number, depth in enumerate((filters // 2, channels)):
        last = depth == channels
        x = layers.Conv2DTranspose(
            depth,
            4,
            strides=2,
            padding="same",
            activation="sigmoid" if last else "relu",
            kernel_initializer=_glorot(seed + 2 + number),
        )(x)
    return keras.Model(source, layers.Flatten()(x), name="generator")


def transferred_generator(
    decoder: keras.Model, inputs: int, scale: float, width: int, seed: int
) -> keras.Model:
    """An autoencoder's decoder behind a step away from the code of a shadow sample.

    The step is zero before the training: the generator begins by drawing shadow samples.

    Args:
        decoder: code -> sample; it is trained on.
        inputs: width of a shadow sample's code, of the set's code and of the label together.
        scale: standard deviation of the shadow samples' codes.
        width: of the hidden layers.
        seed: of the initial weights.
    """
    source = keras.Input((inputs,))
    start = source[:, : decoder.input_shape[-1]]
    x = layers.Concatenate()([start / scale, source[:, decoder.input_shape[-1] :]])
    for number in range(2):
        x = layers.Dense(width, "relu", kernel_initializer=_glorot(seed + number))(x)
    step = layers.Dense(decoder.input_shape[-1], kernel_initializer="zeros")(x)
    sample = decoder(start + step * scale)
    return keras.Model(source, layers.Flatten()(sample), name="generator")


def discriminator(shape: Shape, width: int, seed: int) -> keras.Model:
    """Dense layers of 1/2, 1/4 and 1/8 of the generator's width, LeakyReLU, one logit.

    At the paper's width these are its 1024, 512 and 256. It answers a logit: the published
    code's sigmoid of a tanh never leaves [0.27, 0.73].
    """
    x = source = keras.Input((math.prod(shape),))
    for number, divisor in enumerate((2, 4, 8)):
        x = layers.Dense(width // divisor, kernel_initializer=_glorot(seed + number))(x)
        if number:
            x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.LeakyReLU(0.2)(x)
    logits = layers.Dense(1, kernel_initializer=_glorot(seed + 9), dtype="float32")(x)
    return keras.Model(source, logits, name="discriminator")


GENERATORS: dict[str, Callable[[int, Shape, int, int], keras.Model]] = {
    "dense": dense_generator,
    "conv": conv_generator,
}


def choose(kind: str, shape: Shape) -> str:
    """The kind of generator that `auto` stands for: convolutions for colour images."""
    if kind != "auto":
        return kind
    fits = len(shape) == 3 and shape[-1] == 3 and shape[0] % 4 == 0 and shape[1] % 4 == 0
    return "conv" if fits else "dense"


def _glorot(seed: int) -> keras.initializers.Initializer:
    return keras.initializers.GlorotUniform(seed=seed)
