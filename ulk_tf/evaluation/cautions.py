"""Warnings about data and classifiers: sentences that a reader of the figures has to see."""

from collections.abc import Mapping

import numpy as np

from ulk_tf.classifiers.training import CHECKED, BaseModel
from ulk_tf.corpus.design import BaseId
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import Splits

# Classes and base models that are named in one sentence.
NAMED = 5
# Standard errors above always guessing the commonest class, from which on something was learned.
ERRORS = 2.0


def empty_classes(dataset: Dataset) -> list[str]:
    """Name the classes of which a data set has no sample."""
    missing = np.flatnonzero(np.bincount(dataset.labels, minlength=dataset.classes) == 0)
    if not len(missing):
        return []
    names = _listed([dataset.class_names[label] for label in missing])
    return [
        f"{dataset.name} has no sample of {len(missing)} of its {dataset.classes} classes "
        f"({names}): nothing is learned of them, and no figure is about them."
    ]


def untrained_bases(
    bases: Mapping[BaseId, BaseModel], splits: Splits, dataset: Dataset, shadow_dataset: Dataset
) -> list[str]:
    """Name the base models that tell classes apart no better than a guess.

    Args:
        bases: with their accuracies.
        splits: who owns which samples.
        dataset: the owner's.
        shadow_dataset: the adversary's.
    """
    found = {}
    for base, model in bases.items():
        data = dataset if base.role == "target" else shadow_dataset
        labels = data.labels[splits.for_base(base.role, base.number).pool]
        guess = np.bincount(labels).max() / len(labels)
        error = np.sqrt(guess * (1 - guess) / min(len(labels), CHECKED))
        if model.pool_accuracy <= guess + ERRORS * error:
            found[str(base)] = f"{base} {model.pool_accuracy:.1%}, guess {guess:.1%}"
    if not found:
        return []
    return [
        f"{len(found)} of {len(bases)} base models have learned nothing: on new samples they are "
        f"right no more often than the commonest class is ({_listed([*found.values()])}). What "
        "their updates give away says little of a trained classifier: raise --base_epochs or "
        "--base_learning_rate, or check data and target."
    ]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(map(str, names[:NAMED])) + more
