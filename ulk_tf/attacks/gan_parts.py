"""Parts of BM-GAN that are trained before it: label distribution estimator and autoencoder."""

from pathlib import Path

import keras

from ulk_tf.attacks import gan_networks
from ulk_tf.attacks.autoencoder import Autoencoder, train_autoencoder
from ulk_tf.attacks.devices import precision
from ulk_tf.attacks.labels import train_labels
from ulk_tf.attacks.side_by_side import side_by_side
from ulk_tf.corpus.build import Corpus
from ulk_tf.data.datasets import Dataset
from ulk_tf.settings.attack_configs import LabelConfig, MsrConfig


def train_parts(
    config: MsrConfig, corpus: Corpus, seed: int, home: Path
) -> tuple[keras.Model | None, Autoencoder | None]:
    """Train what BM-GAN is built on.

    Args:
        config: settings of the attack.
        corpus: shadow updates and samples are learned from.
        seed: seed of weights, dropout and order.
        home: folder of the run, for logs and for the state of the trainings.

    Returns:
        The estimator of the label distribution, and the autoencoder; None where `config` has none.
    """
    return side_by_side(
        lambda: _label_model(config, corpus, seed, home) if config.labels else None,
        lambda: _autoencoder(config, corpus, seed, home) if config.transfer else None,
    )


def convolutional(config: MsrConfig, dataset: Dataset) -> bool:
    """Tell whether the generator, and with it the autoencoder's decoder, is convolutional."""
    return gan_networks.choose(config.generator, dataset.sample_shape) == "conv"


def _label_model(config: MsrConfig, corpus: Corpus, seed: int, home: Path) -> keras.Model:
    """A_LDE on the same corpus, as the generator's estimate of the label distribution."""
    own = LabelConfig(
        feature_map=config.feature_map, epochs=config.label_epochs, dropout=config.label_dropout
    )
    with precision("float32"):
        _, fitted = train_labels("lde", own, corpus, seed, home)
    model = keras.Model(fitted.model.input, fitted.model.output["label_distribution"])
    model.trainable = False
    return model


def _autoencoder(config: MsrConfig, corpus: Corpus, seed: int, home: Path) -> Autoencoder:
    """The autoencoder whose decoder the generator starts from."""
    with precision("float32"):
        return train_autoencoder(
            corpus,
            config.noise_dim,
            config.autoencoder_epochs,
            seed,
            home,
            convolutional(config, corpus.shadow_dataset),
        )
