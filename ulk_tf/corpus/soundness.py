"""Soundness: warnings about data and base models, before updates take hours."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ulk_tf.classifiers.training import CHECKED, BaseModel
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.design import Design
from ulk_tf.data.datasets import Dataset

# Greatest number of classes or base models named in one sentence.
SHOWN = 5
# A base model has learned something if its accuracy exceeds a guess by this many standard errors,
# plus this share of the rest, which untrained weights reach by chance.
ERRORS, LUCK = 2.0, 0.05
ENOUGH = 0.2


def about_data(dataset: Dataset) -> list[str]:
    """Return warnings about a data set: its classes without samples.

    Args:
        dataset: data set of one side.
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
    """Return a warning that names base models hardly more accurate than a guess, if any.

    Args:
        designs: designs of the corpora of both sides.
        bases: all base models, with their accuracies.
    """
    poor, of_poor = [], []
    for design in designs:
        for base in design.updates:
            pool = design.split(base).pool[:CHECKED]
            guess = float(np.bincount(design.dataset.labels[pool]).max() / len(pool))
            error = (guess * (1 - guess) / len(pool)) ** 0.5
            accuracy = bases[base].pool_accuracy
            # In a pool of a few samples, errors are wide; a fifth of the way to 1 is learning.
            margin = min(ERRORS * error, ENOUGH * (1 - guess)) + LUCK * (1 - guess)
            if accuracy <= guess + margin:
                poor.append(f"{base} {accuracy:.1%}, guess {guess:.1%}")
                of_poor.append(design)
    if not poor:
        return []
    return [
        f"{len(poor)} of {len(bases)} base models have learned nothing, or next to it: on new "
        "samples they are right hardly more often than who always names the commonest class "
        f"({_listed(poor)}). What their updates give away says little of a trained classifier: "
        f"{_remedy(of_poor)}, or check data and target."
    ]


def about_files(designs: Sequence[Design]) -> list[str]:
    """Return a warning if nobody said what a base model from a file was trained on.

    Args:
        designs: designs of the corpora of both sides.
    """
    unknown = [
        design.base_file.name
        for design in designs
        if design.base_file and not all(design.split(base).base_known for base in design.updates)
    ]
    if not unknown:
        return []
    return [
        f"What {Path(unknown[0]).name} was trained on is not known, so updating sets may contain "
        "such samples. They move the posteriors less than new ones, which makes the figures too "
        "low: name them with --base_samples, or mark them in the array 'seen' of the data set."
    ]


def _remedy(designs: Sequence[Design]) -> str:
    """Phrase on what gives better base models: another file, flags, or a class that reads none."""
    if all(design.base_file for design in designs):
        return "give another --base_model"
    if any(design.procedure.reads("base_epochs") for design in designs):
        return "raise --base_epochs or --base_learning_rate"
    return "train longer in the procedure's fit"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
