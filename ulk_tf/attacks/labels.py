"""A_LI and A_LDE: the shared encoder, a dense decoder, a softmax.

The two differ in a row of a table: the loss, what is predicted, and the decoder's hidden layer
(A_LI: two-layer decoder; A_LDE: one fully connected layer and a softmax).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
from keras import layers

from ulk_tf.attacks.encoder import build_encoder
from ulk_tf.attacks.fit import Fitted, Schedule, average, fit_attack
from ulk_tf.attacks.signature import Signature, TrainedAttack, pair_specs
from ulk_tf.config import LabelConfig
from ulk_tf.corpus.build import Corpus, Updates
from ulk_tf.corpus.pipeline import label_distributions, learning_batches, single_labels, table
from ulk_tf.data.datasets import Dataset
from ulk_tf.files import Array


@dataclass(frozen=True)
class Kind:
    """What makes a label attack one of the two.

    Attributes:
        output: name of its answer.
        loss: as Keras names it.
        decoder: widths of the decoder's hidden layers.
        truth: the right answers of updates.
    """

    output: str
    loss: str
    decoder: tuple[int, ...]
    truth: Callable[[Dataset, Updates], Array]


KINDS = {
    "li": Kind("label_probabilities", "sparse_categorical_crossentropy", (64,), single_labels),
    "lde": Kind("label_distribution", "kl_divergence", (), label_distributions),
}


def train_labels(
    name: str, config: LabelConfig, corpus: Corpus, seed: int, home: Path | None = None
) -> tuple[TrainedAttack, Fitted]:
    """Train A_LI (`li`) or A_LDE (`lde`) on a corpus' shadow side.

    Args:
        name: li or lde.
        config: of the attack.
        corpus: its shadow side is learned from, its validation side stops the training.
        seed: of weights, dropout and order.
        home: folder of the run, for logs and for the state of the training.

    Returns:
        The attack, and its model with the curves of the first member.
    """
    kind = KINDS[name]
    fitted = []
    for member in range(config.members):
        own = seed + 1000 * member
        model = build_label_model(kind, config, corpus, own)
        learning = learning_batches(
            corpus, lambda side: table(kind.truth(corpus.dataset, side)), config.batch, own
        )
        number = f" {member + 1}/{config.members}" if config.members > 1 else ""
        schedule = Schedule(
            f"training {name}{number}", config.epochs, learning.steps, "val_loss", config.patience
        )
        schedule = schedule.at(home, f"{name}-{member}" if member else name, corpus)
        fitted.append(fit_attack(model, kind.loss, config, learning, schedule))
    model = average([one.model for one in fitted], kind.output)
    specs = pair_specs(*corpus.updates["shadow"].after.shape[1:])
    answer = Signature(lambda before, after: model({"before": before, "after": after}), specs)
    attack = TrainedAttack(name, (model,), {"serving_default": answer})
    return attack, Fitted(model, fitted[0].curves)


def build_label_model(kind: Kind, config: LabelConfig, corpus: Corpus, seed: int) -> keras.Model:
    """Encoder and decoder, untrained: inputs `before` and `after`, output [batch, classes]."""
    encoder = build_encoder(
        corpus.updates["shadow"], config.feature_map, config.hidden, config.dropout, seed
    )
    x = encoder.output
    for width in kind.decoder:
        x = layers.Dense(width, kernel_initializer=keras.initializers.GlorotUniform(seed + 10))(x)
        x = layers.Dropout(config.dropout, seed=seed + 10)(layers.LeakyReLU(0.2)(x))
    initialiser = keras.initializers.GlorotUniform(seed + 11)
    x = layers.Dense(corpus.dataset.classes, "softmax", kernel_initializer=initialiser)(x)
    return keras.Model(encoder.input, x)
