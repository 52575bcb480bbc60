"""Autoencoder whose decoder attacks take over (paper: single-sample reconstruction)."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ulk_tf.attacks.adam import OneKernelAdam
from ulk_tf.attacks.adversary import adversary_data
from ulk_tf.attacks.devices import in_step
from ulk_tf.attacks.fit import Schedule, fit
from ulk_tf.corpus.build import Corpus
from ulk_tf.corpus.pipeline import passes
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import Splits
from ulk_tf.files import Array, digest

Shape = tuple[int, ...]
# Samples in a training step, and the most steps in one call of the graph.
BATCH, AT_ONCE = 128, 8
# Part of the key of a trained autoencoder: raise it where the same settings train other weights.
VERSION = 1


@dataclass(frozen=True)
class Autoencoder:
    """A trained autoencoder.

    Attributes:
        model: sample -> sample, in [0, 1].
        decoder: code -> sample.
        reused: whether it was trained before, and found on disk.
    """

    model: keras.Model
    decoder: keras.Model
    reused: bool = False

    @property
    def found(self) -> str:
        """What was found on disk, as a phrase; empty if it was trained."""
        return "the autoencoder" if self.reused else ""

    def codes(self, samples: Array) -> Array:
        """Encode samples in [0, 1]: float32 [n, code]."""
        encoder = keras.Model(self.model.input, self.model.get_layer("code").output)
        return np.asarray(encoder.predict(samples, batch_size=1000, verbose=0), np.float32)

    def own_decoder(self) -> keras.Model:
        """Copy the decoder, so that fine-tuning leaves the autoencoder's own unchanged."""
        copy = keras.models.clone_model(self.decoder)
        copy.set_weights(self.decoder.get_weights())
        return copy


def train_autoencoder(
    corpus: Corpus,
    code: int,
    epochs: int,
    seed: int,
    home: Path | None = None,
    convolves: bool | None = None,
) -> Autoencoder:
    """Train an autoencoder on the adversary's own samples, or load it from an earlier run.

    It depends on no update: attacks on other updates of the same samples share it.

    Args:
        corpus: the adversary's samples in it are learned from.
        code: width of the code.
        epochs: over the shadow samples, each filled up to whole calls of `AT_ONCE` steps; the
            best on held-out ones is kept.
        seed: seed of weights and order.
        home: folder of the run, for logs and, where the corpus has no home, for the autoencoder;
            None: no files.
        convolves: whether the decoder is convolutional; None: where a sample's shape allows it.
    """
    dataset = adversary_data(corpus)
    shape = dataset.sample_shape
    decoder = build_decoder(code, shape, seed, convolves)
    model = build_autoencoder(decoder, code, shape, seed)
    samples = tf.constant(dataset.scaled(corpus.splits.shadow))
    held_out = dataset.scaled(corpus.splits.validation)
    steps = math.ceil(len(samples) / BATCH)
    at_once = min(AT_ONCE, steps)
    steps = math.ceil(steps / at_once) * at_once

    def following(taken: int) -> tf.data.Dataset:
        rows = passes(len(samples), BATCH, seed).skip(taken)
        return rows.map(lambda chosen: (tf.gather(samples, chosen),) * 2).prefetch(2)

    kept = tf.data.Dataset.from_tensor_slices((held_out, held_out)).batch(BATCH)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, epochs * steps, alpha=0.02)
    adam = OneKernelAdam(rate)
    model.compile(adam, "mse", jit_compile=False, steps_per_execution=1 if in_step() else at_once)
    adam.build(model.trainable_variables)
    schedule = Schedule("training autoencoder", epochs, steps, "val_loss", epochs)
    if home is not None:
        key = autoencoder_key(corpus.shadow_dataset, corpus.splits, code, epochs, seed, convolves)
        schedule = replace(
            schedule.at(home, "autoencoder", corpus),
            state=autoencoder_file(corpus.home or home, key),
            key=key,
        )
    fitted = fit(model, [adam], following, kept, schedule)
    return Autoencoder(model, decoder, fitted.reused)


def autoencoder_key(
    dataset: Dataset,
    splits: Splits,
    code: int,
    epochs: int,
    seed: int,
    convolves: bool | None = None,
) -> str:
    """Compute the key of an autoencoder: a digest of everything that decides its weights.

    Args:
        dataset: the adversary's data set.
        splits: her samples in it, and the held-out ones.
        code: width of the code.
        epochs: over the shadow samples.
        seed: seed of weights and order.
        convolves: whether the decoder is convolutional; None: where a sample's shape allows it.
    """
    if convolves is None:
        convolves = _convolves(dataset.sample_shape)
    samples = [dataset.fingerprint, splits.shadow, splits.validation]
    return digest(VERSION, *samples, code, epochs, seed, convolves)


def autoencoder_file(home: Path, key: str) -> Path:
    """Return the file of an autoencoder.

    Args:
        home: folder of all runs of a data set.
        key: see `autoencoder_key`.
    """
    return home / "autoencoders" / f"{key[:16]}.npz"


def build_decoder(code: int, shape: Shape, seed: int, convolves: bool | None = None) -> keras.Model:
    """Code -> sample in [0, 1]: transposed convolutions for images, dense for vectors.

    Args:
        code: width of the code.
        shape: shape of a sample.
        seed: seed of the initial weights.
        convolves: whether it is convolutional; None: for images whose sides divide by four.
    """
    x = source = keras.Input((code,), name="code")
    x = layers.Dense(512, "relu", kernel_initializer=_glorot(seed))(x)
    if not (_convolves(shape) if convolves is None else convolves):
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
    x = layers.Dense(code, kernel_initializer=_glorot(seed + 13), name="code")(x)
    return keras.Model(source, decoder(x), name="autoencoder")


def _convolves(shape: Shape) -> bool:
    return len(shape) == 3 and shape[0] % 4 == 0 and shape[1] % 4 == 0


def _glorot(seed: int) -> keras.initializers.Initializer:
    return keras.initializers.GlorotUniform(seed=seed)
