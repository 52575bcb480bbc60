"""A_SSR: the updating sample itself, by the decoder of an autoencoder (paper: section on A_SSR)."""

from dataclasses import dataclass
from pathlib import Path

import keras
import tensorflow as tf
from keras import layers

from ulk_tf.attacks.autoencoder import Autoencoder, train_autoencoder
from ulk_tf.attacks.encoder import build_encoder
from ulk_tf.attacks.fit import Fitted, fit_ensemble
from ulk_tf.attacks.signature import Signature, TrainedAttack, pair_specs
from ulk_tf.corpus.build import Corpus, Updates
from ulk_tf.corpus.pipeline import Truth, updating_sets
from ulk_tf.settings.attack_configs import SsrConfig


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


def train_ssr(config: SsrConfig, corpus: Corpus, seed: int, home: Path) -> Reconstruction:
    """Train the autoencoder, then encoder and transferred decoder together with MSE.

    Args:
        config: of the attack.
        corpus: its shadow side is learned from, its validation side stops the training.
        seed: of weights, dropout and order.
        home: folder of the run, for logs and for the state of the training.
    """
    autoencoder = train_autoencoder(corpus, config.code_dim, config.autoencoder_epochs, seed, home)
    fitted = fit_ensemble(
        "ssr",
        "sample",
        lambda own: _build(config, corpus, autoencoder, own),
        "mse",
        config,
        corpus,
        lambda side: _samples(corpus, side),
        seed,
        home,
    )
    model = fitted.model
    specs = pair_specs(*corpus.updates["shadow"].after.shape[1:])
    answer = Signature(lambda before, after: model({"before": before, "after": after}), specs)
    return Reconstruction(
        TrainedAttack("ssr", (model,), {"serving_default": answer}), fitted, autoencoder.model
    )


def _build(config: SsrConfig, corpus: Corpus, autoencoder: Autoencoder, seed: int) -> keras.Model:
    """Encoder and transferred decoder, inputs `before` and `after`, output [batch, *shape]."""
    encoder = build_encoder(
        corpus.updates["shadow"], config.feature_map, config.hidden, config.dropout, seed
    )
    initialiser = keras.initializers.GlorotUniform(seed=seed + 20)
    code = layers.Dense(config.code_dim, kernel_initializer=initialiser)(
        layers.Flatten()(encoder.output)
    )
    return keras.Model(encoder.input, autoencoder.own_decoder()(code))


def _samples(corpus: Corpus, updates: Updates) -> Truth:
    sets = updating_sets(corpus.dataset, updates)
    shape = corpus.dataset.sample_shape
    return lambda rows: tf.reshape(sets(rows), (-1, *shape))
