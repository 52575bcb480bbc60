"""Warnings about data and base models, before hours go into their updates."""

from collections.abc import Sequence

import numpy as np

from ulk_tf.classifiers.training import CHECKED, BaseModel
from ulk_tf.corpus.design import BaseId, Design
from ulk_tf.data.datasets import Dataset

# Classes and base models that are named in one sentence.
SHOWN = 5
# An accuracy shows learning from so many standard errors above a guess, and what untrained weights
# get by luck.
ERRORS, LUCK = 2.0, 0.05


def about_data(dataset: Dataset) -> list[str]:
    """Sentences about a data set that its user must see.

    Args:
        dataset: of one side.
    """
    empty = dataset.empty_classes
    if not empty:
        return []
    first = int(dataset.labels.min())
    hint = " Labels count from 0." if first == 1 and empty == dataset.class_names[:1] else ""
    return [
        f"{dataset.name}: no sample is of class {_listed(empty)}, of the {dataset.classes} classes "
        f"that classifiers tell apart here.{hint}"
    ]


def about_bases(designs: Sequence[Design], bases: dict[BaseId, BaseModel]) -> list[str]:
    """Name the base models that tell classes apart no better than a guess.

    Args:
        designs: of the corpora of both sides.
        bases: all base models, with their accuracies.
    """
    found = []
    for design in designs:
        for base in design.updates:
            pool = design.pool(base)[:CHECKED]
            guess = float(np.bincount(design.dataset.labels[pool]).max() / len(pool))
            error = (guess * (1 - guess) / len(pool)) ** 0.5
            accuracy = bases[base].pool_accuracy
            if accuracy <= guess + ERRORS * error + LUCK * (1 - guess):
                found.append(f"{base} {accuracy:.1%}, guess {guess:.1%}")
    if not found:
        return []
    return [
        f"{len(found)} of {len(bases)} base models have learned nothing: on new samples they are "
        f"right no more often than the commonest class is ({_listed(found)}). What their updates "
        "give away says little of a trained classifier: raise --base_epochs or "
        "--base_learning_rate, or check data and target."
    ]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
