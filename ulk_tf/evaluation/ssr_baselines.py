"""Baselines of A_SSR: each gives a sample in [0, 1] for every update that is asked about."""

import numpy as np

from ulk_tf.attacks.ssr import TrainedSsr
from ulk_tf.corpus.build import Updates
from ulk_tf.corpus.pipeline import single_labels
from ulk_tf.data.members import class_means, members
from ulk_tf.evaluation.asked import Asked
from ulk_tf.evaluation.predictions import predictions
from ulk_tf.files import Array

# Shadow updates among which the nearest by posterior difference is looked for.
NEAREST_AMONG = 10_000


def autoencoder(asked: Asked) -> Array:
    """The true sample through the autoencoder: an upper bound."""
    truth = asked.dataset.scaled(asked.updates.indices[:, 0])
    return np.asarray(_trained(asked).autoencoder.predict(truth, verbose=0))


def class_mean_of_true_label(asked: Asked) -> Array:
    """Mean shadow sample of the true label."""
    return _class_means(asked)[single_labels(asked.dataset, asked.updates)]


def class_mean_of_predicted_label(asked: Asked) -> Array:
    """Mean shadow sample of the label that A_LI infers."""
    every = np.arange(len(asked.updates))
    answers = predictions(_trained(asked).labels, asked.updates, every)
    return _class_means(asked)[answers["label_probabilities"].argmax(-1)]


def random_of_same_label(asked: Asked) -> Array:
    """A random shadow sample of the true label."""
    rng = np.random.default_rng([asked.seed, 9])
    shadow = asked.corpus.splits.shadow
    known = members(asked.shadow_dataset.labels[shadow], asked.dataset.classes)
    labels = single_labels(asked.dataset, asked.updates)
    return asked.shadow_dataset.scaled(
        np.array([rng.choice(shadow[known[label]]) for label in labels])
    )


def mean_sample(asked: Asked) -> Array:
    """Mean shadow sample."""
    mean = asked.shadow_dataset.scaled(asked.corpus.splits.shadow).mean(0)
    return np.broadcast_to(mean, (len(asked.updates), *mean.shape))


def nearest_shadow_update(asked: Asked) -> Array:
    """The sample of the shadow update with the nearest posterior difference."""
    shadow = asked.corpus.updates["shadow"]
    rows = np.arange(len(shadow))[:: max(1, len(shadow) // NEAREST_AMONG)]
    known, sought = (
        _directions(side, own) for side, own in ((shadow, rows), (asked.updates, None))
    )
    return asked.shadow_dataset.scaled(shadow.indices[rows[(sought @ known.T).argmax(-1)], 0])


def _class_means(asked: Asked) -> Array:
    """Mean shadow sample of each class, in [0, 1]."""
    dataset, shadow = asked.shadow_dataset, asked.corpus.splits.shadow
    return class_means(dataset.scaled(shadow), dataset.labels[shadow], asked.dataset.classes)


def _trained(asked: Asked) -> TrainedSsr:
    if not isinstance(asked.trained, TrainedSsr):
        raise TypeError(f"Expected a TrainedSsr. Received {type(asked.trained).__name__}.")
    return asked.trained


def _directions(updates: Updates, rows: Array | None) -> Array:
    own = np.arange(len(updates)) if rows is None else rows
    before, after = updates.pair(own)
    difference = before - after
    flat = difference.reshape(len(own), -1)
    return flat / (np.linalg.norm(flat, axis=-1, keepdims=True) + 1e-12)
