"""Jobs of workers: train a base model, or compute the posteriors of planned updates."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ulk_tf.classifiers.procedure import Change, ManyUpdates, Procedure, Samples, Weights, seed_of
from ulk_tf.classifiers.training import BaseModel, train_base
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import BaseSplit
from ulk_tf.errors import UserError
from ulk_tf.files import Array

# Data sets of both sides by fingerprint: workers hold them, jobs refer to them.
Datasets = Mapping[str, Dataset]


@dataclass(frozen=True)
class TrainingJob:
    """Job that trains one base model.

    Attributes:
        base: name of the base model.
        procedure: procedure of the side.
        dataset: fingerprint of the side's data set.
        split: samples of the base model and of its pool.
        seed: seed of initial weights, order and dropout.
    """

    base: str
    procedure: Procedure
    dataset: str
    split: BaseSplit
    seed: int

    @property
    def what(self) -> str:
        """Phrase that describes the job, for messages."""
        return f"training base model {self.base}"

    def run(self, datasets: Datasets) -> BaseModel:
        """Train the base model.

        Raises:
            UserError: its weights are not finite.
        """
        dataset = datasets[self.dataset]
        model = train_base(self.procedure, dataset.samples, dataset.labels, self.split, self.seed)
        if not all(np.isfinite(weight).all() for weight in model.weights):
            raise UserError(
                f"finite weights of base model {self.base}",
                "NaN or infinity after its training",
                "Lower --base_learning_rate.",
            )
        return model


@dataclass(frozen=True)
class UpdateJob:
    """Job that computes one shard: consecutive planned updates of one base model.

    Attributes:
        base: name of the base model.
        procedure: procedure of the side.
        dataset: fingerprint of the side's data set.
        weights: weights of the base model.
        probes: the probing set, samples [n_probes, ...].
        indices: updating sets, int32 [updates, set_size].
        seeds: seeds of the updates, int32 [updates, 2].
        first: number of the first of these updates in the plan of its base model.
    """

    base: str
    procedure: Procedure
    dataset: str
    weights: Weights
    probes: Array
    indices: Array
    seeds: Array
    first: int

    @property
    def what(self) -> str:
        """Phrase that describes the job, for messages."""
        last = self.first + len(self.indices) - 1
        return f"computing updates {self.first} to {last} of base model {self.base}"

    def run(self, datasets: Datasets) -> dict[str, Array]:
        """Compute posteriors before and after the updates, in one process.

        Returns:
            before: posteriors of the base model, float32 [probes, classes].
            after: posteriors after each update, float32 [updates, probes, classes].

        Raises:
            UserError: posteriors are not finite.
        """
        dataset = datasets[self.dataset]
        sets = Samples(dataset.samples[self.indices], dataset.labels[self.indices])
        if isinstance(self.procedure, ManyUpdates):
            before, after = self.procedure.update_many(
                self.weights, sets, self.seeds, self.probes, self.first
            )
        else:
            before, after = _one_by_one(self.procedure, self.weights, sets, self.seeds, self.probes)
        for what, posteriors in (("before", before), ("after", after)):
            if not np.isfinite(posteriors).all():
                raise UserError(
                    f"finite posteriors {what} updates of base model {self.base}",
                    f"NaN or infinity while {self.what}",
                    "Lower --update_learning_rate (or --shadow_update_learning_rate).",
                )
        return {"before": before, "after": after}


def _one_by_one(
    procedure: Procedure, weights: Weights, sets: Samples, seeds: Array, probes: Array
) -> tuple[Array, Array]:
    """Compute posteriors with a procedure that makes one update at a time."""
    none = Samples.none_like(sets.samples[0])
    after = []
    for samples, labels, pair in zip(sets.samples, sets.labels, seeds, strict=True):
        change = Change(Samples(samples, labels), none, none)
        updated = procedure.update(weights, change, seed_of(pair))
        after.append(as_posteriors(procedure.predict_proba(updated, probes)))
    return as_posteriors(procedure.predict_proba(weights, probes)), np.stack(after)


def as_posteriors(answers: Array) -> Array:
    """Normalise the outputs of a procedure to posteriors, float32 [n, classes].

    Args:
        answers: nonnegative numbers [n, classes], of any floating type.
    """
    exact = np.asarray(answers, np.float64)
    return (exact / exact.sum(-1, keepdims=True)).astype(np.float32)


Job = TrainingJob | UpdateJob
