"""Extraction: the target's answers to the adversary's queries, on which her base models train.

Model extraction (Tramer et al. 2016, "Stealing machine learning models via prediction APIs"): she
asks the target before any update about samples of her own, and takes its posteriors for labels.
"""

import numpy as np

from ulk_tf.answers.interpret import interpret
from ulk_tf.chance import Chance
from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.bases import find, train_missing
from ulk_tf.corpus.design import Design
from ulk_tf.corpus.designs import designs_of
from ulk_tf.corpus.executors import open_executor
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import ROLES
from ulk_tf.defences import parse
from ulk_tf.files import Array, digest
from ulk_tf.settings.experiment import Experiment

# The look before any update, beside those before and after an update.
LOOK = 2


def answers(
    experiment: Experiment, dataset: Dataset, shadow_dataset: Dataset | None, number: int = 0
) -> Array:
    """Train the targets that are missing, and ask one about the adversary's queries.

    Args:
        experiment: all settings.
        dataset: the owner's data set.
        shadow_dataset: the adversary's data set; None if it is the owner's.
        number: number of the target base model that is asked.

    Returns:
        As `extract`.
    """
    splits, (adversary, owner) = designs_of(experiment, dataset, shadow_dataset)
    known = find([owner])
    with open_executor(experiment.execution, {dataset.fingerprint: dataset}) as executor:
        targets = train_missing([owner], known, executor)
    base = BaseId("target", number)
    return extract(owner, base, targets[base], adversary.dataset.samples[splits.queries])


def extract(owner: Design, base: BaseId, target: BaseModel, samples: Array) -> Array:
    """Ask a target, behind its defence, about samples.

    Args:
        owner: design of the owner's corpus.
        base: identity of the base model that answers.
        target: the base model itself.
        samples: samples of the adversary, [n, ...].

    Returns:
        Posteriors, float32 [n, classes].
    """
    answers = np.asarray(owner.procedure.predict_proba(target.weights, samples), np.float64)
    answers /= answers.sum(-1, keepdims=True)
    text = owner.party.defence.defence
    if text is not None:
        names = [int(digest(sample)[:16], 16) for sample in samples]
        key = (ROLES.index(base.role), base.number, 0, LOOK)
        answers = parse(text, answers.shape[-1])(answers, Chance(owner.seed, key, names))
        answers = interpret(answers, answers.shape[-1]).posteriors
    return answers.astype(np.float32)
