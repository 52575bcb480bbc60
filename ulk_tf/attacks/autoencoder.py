"""The autoencoder whose decoder A_SSR takes over (paper: single-sample reconstruction)."""

import math

import keras
from keras import layers

Shape = tuple[int, ...]


def build_decoder(code: int, shape: Shape, seed: int) -> keras.Model:
    """Code -> sample in [0, 1]: transposed convolutions for images, dense for vectors.

    Args:
        code: width of the code.
        shape: of a sample; images whose sides do not divide by four get the dense decoder.
        seed: of the initial weights.
    """
    x = source = keras.Input((code,), name="code")
    x = layers.Dense(512, "relu", kernel_initializer=_glorot(seed))(x)
    if not _convolves(shape):
        x = layers.Dense(512, "relu", kernel_initializer=_glorot(seed + 1))(x)
        x = layers.Dense(math.prod(shape), "sigmoid", kernel_initializer=_glorot(seed + 2))(x)
        return keras.Model(source, layers.Reshape(shape)(x), name="decoder")
    height, width, channels = shape
    x = layers.Dense(height // 4 * (width // 4) * 32, "relu", kernel_initializer=_glorot(seed + 1))(
        x
    )
    x = layers.Reshape((height // 4, width // 4, 32))(x)
    x = layers.Conv2DTranspose(
        16, 4, 2, "same", activation="relu", kernel_initializer=_glorot(seed + 2)
    )(x)
    x = layers.Conv2DTranspose(
        channels, 4, 2, "same", activation="sigmoid", kernel_initializer=_glorot(seed + 3)
    )(x)
    return keras.Model(source, x, name="decoder")


def build_autoencoder(decoder: keras.Model, code: int, shape: Shape, seed: int) -> keras.Model:
    """An encoder of samples in front of `decoder`, sample -> sample."""
    x = source = keras.Input(shape, name="sample")
    if _convolves(shape):
        for number, filters in enumerate((16, 32)):
            x = layers.Conv2D(
                filters,
                3,
                2,
                "same",
                activation="relu",
                kernel_initializer=_glorot(seed + 10 + number),
            )(x)
    x = layers.Flatten()(x)
    x = layers.Dense(256, "relu", kernel_initializer=_glorot(seed + 12))(x)
    x = layers.Dense(code, kernel_initializer=_glorot(seed + 13))(x)
    return keras.Model(source, decoder(x), name="autoencoder")


def _convolves(shape: Shape) -> bool:
    return len(shape) == 3 and shape[0] % 4 == 0 and shape[1] % 4 == 0


def _glorot(seed: int) -> keras.initializers.Initializer:
    return keras.initializers.GlorotUniform(seed=seed)
