"""Warnings about data and base models, before hours go into their updates."""

from collections.abc import Sequence

import numpy as np

from ulk_tf.classifiers.training import CHECKED, BaseModel
from ulk_tf.corpus.design import BaseId, Design
from ulk_tf.data.datasets import Dataset

SHOWN = 5
LUCK = 0.05


def about_data(dataset: Dataset) -> list[str]:
    """Sentences about a data set that its user must see.

    Args:
        dataset: of one side.
    """
    empty = dataset.empty_classes
    if not empty:
        return []
    more = f" and {len(empty) - SHOWN} more" if len(empty) > SHOWN else ""
    named = ", ".join(empty[:SHOWN]) + more
    first = int(dataset.labels.min())
    hint = " Labels count from 0." if first == 1 and empty == dataset.class_names[:1] else ""
    return [
        f"{dataset.name}: no sample is of class {named}, of the {dataset.classes} classes that "
        f"classifiers tell apart here.{hint}"
    ]


def about_bases(designs: Sequence[Design], bases: dict[BaseId, BaseModel]) -> list[str]:
    """Sentences about base models that learned nothing, or nothing that holds beyond their data.

    Args:
        designs: of the corpora of both sides.
        bases: all base models.
    """
    said = []
    for design in designs:
        own = [bases[base] for base in design.updates]
        pools = [design.pool(base)[:CHECKED] for base in design.updates]
        guessing = float(
            np.mean([np.bincount(design.dataset.labels[pool]).max() / len(pool) for pool in pools])
        )
        accuracy = float(np.mean([model.pool_accuracy for model in own]))
        # Two standard deviations of the accuracy of somebody who guesses; and what untrained
        # weights get by luck.
        chance = 2 * (guessing * (1 - guessing) / sum(map(len, pools))) ** 0.5
        if accuracy <= guessing + chance + LUCK * (1 - guessing):
            said.append(
                f"The {design.side}'s base models learned nothing: right on {accuracy:.0%} of new "
                f"samples, where always the commonest class is right on {guessing:.0%}. What an "
                "update gives away of such a model says nothing of a useful one; are samples "
                "scaled, and is --base_learning_rate right?"
            )
    return said
