"""Utility of a defended service: how good its answers still are after updates."""

from dataclasses import replace

import numpy as np

from ulk_tf.corpus.build import build_corpus
from ulk_tf.data.datasets import Dataset
from ulk_tf.evaluation.intervals import Estimate, interval
from ulk_tf.evaluation.movement import total_variation
from ulk_tf.files import Array
from ulk_tf.settings.config import ProbingConfig
from ulk_tf.settings.experiment import Experiment

# Labelled samples that a service is asked, and updates of each target base model.
SAMPLES, UPDATES = 1000, 50
BINS = 15


def utility(
    experiment: Experiment,
    undefended: Experiment,
    dataset: Dataset,
    shadow_dataset: Dataset | None = None,
) -> dict[str, Estimate]:
    """Measure the answers of updated target models to new labelled samples.

    Args:
        experiment: settings of the owner, and the sizes.
        undefended: the same without a defence of answers or of updates.
        dataset: the owner's data set; a small one gives fewer than `SAMPLES`.
        shadow_dataset: the adversary's data set; None if it is the owner's.

    Returns:
        accuracy: share of right answers.
        calibration_error: expected calibration error, in bins of equal width (Guo et al. 2017).
        change: mean total variation distance between an answer and that of the undefended service
            after an update on the same samples, 0 to 1.
    """
    both = (asked_of(one, dataset) for one in (experiment, undefended))
    corpora = [build_corpus(one, dataset, shadow_dataset, ("owner",)) for one in both]
    defended, plain = (corpus.updates["target"] for corpus in corpora)
    rows = np.arange(len(defended))
    answers, exactly = defended.after[rows], plain.after[rows]
    labels = dataset.labels[corpora[0].splits.probes]
    right = (answers.argmax(-1) == labels).mean(-1)
    errors = np.array([calibration_error(of_update, labels) for of_update in answers])
    change = total_variation(answers, exactly).mean(-1)
    values = {"accuracy": right, "calibration_error": errors, "change": change}
    return {name: interval(value, defended.base) for name, value in values.items()}


def asked_of(experiment: Experiment, dataset: Dataset) -> Experiment:
    """Return an experiment with the samples and updates with which utility is measured.

    Args:
        experiment: settings of the owner, and the sizes.
        dataset: the owner's data set.
    """
    samples = SAMPLES if len(dataset.labels) >= 10 * SAMPLES else experiment.probing.n_probes
    updates = min(UPDATES, experiment.counts.target_updates)
    return replace(
        experiment,
        probing=ProbingConfig(n_probes=samples, repeat=experiment.probing.repeat),
        counts=replace(experiment.counts, target_updates=updates),
    )


def calibration_error(answers: Array, labels: Array) -> float:
    """Compute the expected calibration error of answers.

    Args:
        answers: posteriors [n, classes].
        labels: int [n].
    """
    confidence = np.clip(answers.max(-1), 0, 1)
    right = answers.argmax(-1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    sums = np.bincount(bins, confidence - right, BINS)
    return float(np.abs(sums).sum() / len(labels))
