"""Answers of the attacks put into words, by the name of their output."""

from collections.abc import Callable, Mapping

import numpy as np

from ulk_tf.auditing import pictures
from ulk_tf.auditing.assumed import Assumed
from ulk_tf.auditing.told import Told
from ulk_tf.files import Array

SHOWN_CLASSES = 5
# A label stands out of a set where its share is so many times that of an even set.
STANDS_OUT = 1.5


def tell_label(probabilities: Array, names: list[str], update: Assumed) -> Told:
    """Tell the label of the one sample."""
    order = np.argsort(-probabilities)
    first = names[order[0]]
    likely = {names[i]: float(probabilities[i]) for i in order[:SHOWN_CLASSES]}
    return Told(
        f"{update.if_one_sample}, that is of class {first} (with "
        f"{probabilities[order[0]]:.0%} by the attack's own estimate).",
        {"label": first, "probabilities": likely},
        lambda path: pictures.bars(path, names, probabilities, "probability"),
        "Probability of each label",
    )


def tell_distribution(distribution: Array, names: list[str], update: Assumed) -> Told:
    """Tell the labels of a set that stand out of it."""
    order = np.argsort(-distribution)
    common = [i for i in order[:3] if distribution[i] >= STANDS_OUT / len(names)]
    listed = ", ".join(f"{names[i]} ({distribution[i]:.0%})" for i in common)
    if common:
        sentence = f"The most frequent labels of {update.samples} are {listed}."
    else:
        low, high = distribution.min(), distribution.max()
        sentence = (
            f"No label stands out of {update.samples}: the attack gives each {low:.0%} to "
            f"{high:.0%} of it."
        )
    return Told(
        sentence,
        {
            "distribution": dict(zip(names, map(float, distribution), strict=True)),
            "stands_out": [names[i] for i in common],
        },
        lambda path: pictures.bars(path, names, distribution, f"share of {update.samples}"),
        f"Estimated label distribution of {update.samples}",
    )


def tell_sample(sample: Array, _: list[str], update: Assumed) -> Told:
    """Show the one sample."""
    return Told(
        f"{update.if_one_sample}, this is the attack's reconstruction of it.",
        {"shape": list(sample.shape)},
        lambda path: pictures.tiles(path, sample[np.newaxis]),
        "Reconstructed sample",
    )


def tell_samples(samples: Array, _: list[str], update: Assumed) -> Told:
    """Show the samples of a set."""
    shown = min(len(samples), pictures.MAX_TILES)
    return Told(
        f"These are {len(samples)} samples that the attack reconstructs, one for each sample of "
        f"{update.samples}, in no order.",
        {"shape": list(samples.shape)},
        lambda path: pictures.tiles(path, samples),
        f"Reconstruction of {update.samples} ({shown} of {len(samples)} samples)",
    )


# Functions of (value, class names, the update that is assumed), by output.
TELL: Mapping[str, Callable[[Array, list[str], Assumed], Told]] = {
    "label_probabilities": tell_label,
    "label_distribution": tell_distribution,
    "sample": tell_sample,
    "samples": tell_samples,
}
