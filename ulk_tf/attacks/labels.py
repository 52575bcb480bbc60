"""A_LI and A_LDE: the shared encoder, a dense decoder, a softmax.

The two differ in a row of a table: the loss, what is predicted, and the decoder's hidden layer
(A_LI: two-layer decoder; A_LDE: one fully connected layer and a softmax).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
from keras import layers

from ulk_tf.attacks.adversary import adversary_data
from ulk_tf.attacks.byte_dropout import ByteDropout
from ulk_tf.attacks.encoder import build_encoder
from ulk_tf.attacks.ensemble import fit_ensemble
from ulk_tf.attacks.fit import Fitted
from ulk_tf.attacks.signature import Trained, TrainedAttack
from ulk_tf.corpus.build import Corpus, Updates
from ulk_tf.corpus.pipeline import label_distributions, single_labels, table
from ulk_tf.data.datasets import Dataset
from ulk_tf.files import Array
from ulk_tf.settings.attack_configs import LabelConfig


@dataclass(frozen=True)
class LabelAttack:
    """Differences between the two label attacks.

    Attributes:
        output: name of its answer.
        loss: name of the loss in Keras.
        decoder: widths of the decoder's hidden layers.
        truth: the right answers of updates.
    """

    output: str
    loss: str
    decoder: tuple[int, ...]
    truth: Callable[[Dataset, Updates], Array]


LABEL_ATTACKS = {
    "li": LabelAttack(
        "label_probabilities", "sparse_categorical_crossentropy", (64,), single_labels
    ),
    "lde": LabelAttack("label_distribution", "kl_divergence", (), label_distributions),
}


def train_li(config: LabelConfig, corpus: Corpus, seed: int, folder: Path | None) -> Trained:
    """Train A_LI; arguments as those of `train_labels`."""
    return train_labels("li", config, corpus, seed, folder)[0]


def train_lde(config: LabelConfig, corpus: Corpus, seed: int, folder: Path | None) -> Trained:
    """Train A_LDE; arguments as those of `train_labels`."""
    return train_labels("lde", config, corpus, seed, folder)[0]


def train_labels(
    name: str, config: LabelConfig, corpus: Corpus, seed: int, folder: Path | None = None
) -> tuple[Trained, Fitted]:
    """Train A_LI (`li`) or A_LDE (`lde`) on shadow updates.

    Args:
        name: li or lde.
        config: settings of the attack.
        corpus: shadow updates are learned from, held-out ones stop the training.
        seed: seed of weights, dropout and order.
        folder: folder of the run, for logs and for the state of the training; None: no files.

    Returns:
        The attack, and its model.
    """
    kind, data = LABEL_ATTACKS[name], adversary_data(corpus)
    fitted = fit_ensemble(
        name,
        kind.output,
        lambda own: build_label_model(kind, config, corpus, own),
        kind.loss,
        config,
        corpus,
        lambda updates: table(kind.truth(data, updates)),
        seed,
        folder,
    )
    shape = corpus.updates["shadow"].after.shape[1:]
    attack = TrainedAttack.of_model(name, fitted.model, *shape)
    return Trained(attack, fitted.curves), fitted


def build_label_model(
    kind: LabelAttack, config: LabelConfig, corpus: Corpus, seed: int
) -> keras.Model:
    """Build encoder and decoder: inputs `before` and `after`, output [batch, classes]."""
    encoder = build_encoder(
        corpus.updates["shadow"], config.feature_map, config.hidden, config.dropout, seed
    )
    x = encoder.output
    for width in kind.decoder:
        x = layers.Dense(width, kernel_initializer=keras.initializers.GlorotUniform(seed + 10))(x)
        x = ByteDropout(config.dropout, seed=seed + 10)(layers.LeakyReLU(0.2)(x))
    # Features by class: one score for each of them.
    scores = 1 if len(x.shape) == 3 else corpus.dataset.classes
    initialiser = keras.initializers.GlorotUniform(seed + 11)
    x = layers.Dense(scores, kernel_initializer=initialiser)(x)
    return keras.Model(encoder.input, layers.Softmax()(layers.Flatten()(x)))
