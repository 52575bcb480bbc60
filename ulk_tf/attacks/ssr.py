"""A_SSR: reconstruct the updating sample with an autoencoder's decoder (paper: on A_SSR)."""

from dataclasses import dataclass
from pathlib import Path

import keras
import tensorflow as tf
from keras import layers

from ulk_tf.attacks.adversary import adversary_data
from ulk_tf.attacks.autoencoder import Autoencoder, train_autoencoder
from ulk_tf.attacks.encoder import build_encoder
from ulk_tf.attacks.ensemble import fit_ensemble
from ulk_tf.attacks.labels import train_labels
from ulk_tf.attacks.signature import Trained, TrainedAttack
from ulk_tf.corpus.build import Corpus, Updates
from ulk_tf.corpus.pipeline import Truth, updating_sets
from ulk_tf.data.datasets import Dataset
from ulk_tf.settings.attack_configs import SsrConfig


@dataclass(frozen=True)
class TrainedSsr(Trained):
    """A trained A_SSR: its signature answers `sample`, [batch, *sample shape] in [0, 1].

    Attributes:
        autoencoder: sample -> sample; its error is the attack's upper bound.
        labels: A_LI trained on the same updates, for a baseline that knows the inferred label.
    """

    autoencoder: keras.Model
    labels: TrainedAttack


def train_ssr(config: SsrConfig, corpus: Corpus, seed: int, folder: Path) -> TrainedSsr:
    """Train the autoencoder, then encoder and transferred decoder together with MSE, then A_LI.

    Args:
        config: settings of the attack.
        corpus: shadow updates are learned from, held-out ones stop the training.
        seed: seed of weights, dropout and order.
        folder: folder of the run, for logs and for the state of the training.
    """
    autoencoder = train_autoencoder(
        corpus, config.code_dim, config.autoencoder_epochs, seed, folder
    )
    fitted = fit_ensemble(
        "ssr",
        "sample",
        lambda own: _build(config, corpus, autoencoder, own),
        "mse",
        config,
        corpus,
        lambda updates: _samples(adversary_data(corpus), updates),
        seed,
        folder,
    )
    shape = corpus.updates["shadow"].after.shape[1:]
    attack = TrainedAttack.of_model("ssr", fitted.model, *shape)
    labels, _ = train_labels("li", config, corpus, seed, folder)
    return TrainedSsr(
        attack,
        fitted.curves,
        autoencoder.model,
        labels.attack,
        reused=autoencoder.found,
    )


def _build(config: SsrConfig, corpus: Corpus, autoencoder: Autoencoder, seed: int) -> keras.Model:
    """Build encoder and transferred decoder: `before`, `after` -> [batch, *sample shape]."""
    encoder = build_encoder(
        corpus.updates["shadow"], config.feature_map, config.hidden, config.dropout, seed
    )
    initialiser = keras.initializers.GlorotUniform(seed=seed + 20)
    code = layers.Dense(config.code_dim, kernel_initializer=initialiser)(
        layers.Flatten()(encoder.output)
    )
    return keras.Model(encoder.input, autoencoder.own_decoder()(code))


def _samples(dataset: Dataset, updates: Updates) -> Truth:
    sets = updating_sets(dataset, updates)
    return lambda rows: tf.reshape(sets(rows), (-1, *dataset.sample_shape))
