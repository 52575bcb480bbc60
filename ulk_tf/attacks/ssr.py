"""A_SSR: the updating sample itself, by the decoder of an autoencoder (paper: section on A_SSR)."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ulk_tf.attacks.autoencoder import build_autoencoder, build_decoder
from ulk_tf.attacks.encoder import build_encoder
from ulk_tf.attacks.fit import Bar, Fitted, fit
from ulk_tf.attacks.signature import Signature, TrainedAttack, pair_specs
from ulk_tf.config import SsrConfig
from ulk_tf.corpus.build import Corpus, Updates
from ulk_tf.corpus.pipeline import Truth, learning_batches, updating_sets


@dataclass(frozen=True)
class Reconstruction:
    """A trained A_SSR.

    Attributes:
        attack: signature `serving_default` answers `sample`, [batch, *sample shape] in [0, 1].
        fitted: its model and curves.
        autoencoder: sample -> sample; its error is the attack's upper bound.
    """

    attack: TrainedAttack
    fitted: Fitted
    autoencoder: keras.Model


def train_ssr(config: SsrConfig, corpus: Corpus, seed: int, log_dir: Path) -> Reconstruction:
    """Train the autoencoder, then encoder and transferred decoder together with MSE.

    Args:
        config: of the attack.
        corpus: its shadow side is learned from, its validation side stops the training.
        seed: of weights, dropout and order.
        log_dir: for TensorBoard.
    """
    shape = corpus.dataset.sample_shape
    decoder = build_decoder(config.code, shape, seed)
    autoencoder = build_autoencoder(decoder, config.code, shape, seed)
    _train_autoencoder(autoencoder, config, corpus, seed)
    # Fine-tuning changes the decoder; the autoencoder keeps its own.
    own = keras.models.clone_model(decoder)
    own.set_weights(decoder.get_weights())
    encoder = build_encoder(
        corpus.updates["shadow"], config.feature_map, config.hidden, config.dropout, seed
    )
    initialiser = keras.initializers.GlorotUniform(seed=seed + 20)
    code = layers.Dense(config.code, kernel_initializer=initialiser)(encoder.output)
    model = keras.Model(encoder.input, {"sample": own(code)}, name="ssr")
    shadow, validation = learning_batches(
        corpus, lambda side: _samples(corpus, side), config.batch, seed
    )
    fitted = fit(model, "mse", config, shadow, validation, "training ssr", log_dir)
    specs = pair_specs(*corpus.updates["shadow"].after.shape[1:])
    answer = Signature(lambda before, after: model({"before": before, "after": after}), specs)
    return Reconstruction(
        TrainedAttack("ssr", (model,), {"serving_default": answer}), fitted, autoencoder
    )


def _samples(corpus: Corpus, updates: Updates) -> Truth:
    sets = updating_sets(corpus.dataset, updates)
    shape = corpus.dataset.sample_shape
    return lambda rows: tf.reshape(sets(rows), (-1, *shape))


def _train_autoencoder(
    autoencoder: keras.Model, config: SsrConfig, corpus: Corpus, seed: int
) -> None:
    samples = corpus.dataset.scaled(corpus.splits.shadow)
    held_out = corpus.dataset.scaled(corpus.splits.validation)
    data = tf.data.Dataset.from_tensor_slices(samples).map(lambda x: (x, x))
    data = data.shuffle(len(samples), seed=seed).batch(config.batch).prefetch(2)
    steps = config.autoencoder_epochs * int(np.ceil(len(samples) / config.batch))
    rate = keras.optimizers.schedules.CosineDecay(1e-3, steps, alpha=0.02)
    autoencoder.compile(keras.optimizers.Adam(rate), "mse", jit_compile=False)
    autoencoder.fit(
        data,
        validation_data=(held_out, held_out),
        epochs=config.autoencoder_epochs,
        callbacks=[Bar("training autoencoder", config.autoencoder_epochs)],
        verbose=0,
        shuffle=False,
    )
