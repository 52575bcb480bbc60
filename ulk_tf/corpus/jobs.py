"""Jobs of workers: a base model, or the posteriors of a range of planned updates."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ulk_tf.classifiers.procedure import Change, ManyUpdates, Procedure, Samples, Weights, seed_of
from ulk_tf.classifiers.training import BaseModel, train_base
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import BaseSplit
from ulk_tf.errors import UserError
from ulk_tf.files import Array

# The data sets of both sides, by fingerprint; workers hold them, jobs name them.
Datasets = Mapping[str, Dataset]


@dataclass(frozen=True)
class TrainingJob:
    """Train one base model.

    Attributes:
        base: its name.
        procedure: the side's.
        dataset: fingerprint of the side's data set.
        split: the samples that it may see.
        seed: of initial weights, order and dropout.
    """

    base: str
    procedure: Procedure
    dataset: str
    split: BaseSplit
    seed: int

    @property
    def what(self) -> str:
        """The job in words, for messages."""
        return f"training base model {self.base}"

    def run(self, datasets: Datasets) -> BaseModel:
        """The trained base model."""
        own = datasets[self.dataset]
        model = train_base(self.procedure, own.samples, own.labels, self.split, self.seed)
        if not all(np.isfinite(weight).all() for weight in model.weights):
            raise UserError(
                f"finite weights of base model {self.base}",
                "NaN or infinity after its training",
                "Lower --base_learning_rate.",
            )
        return model


@dataclass(frozen=True)
class UpdateJob:
    """Compute one shard: consecutive planned updates of one base model.

    Attributes:
        base: name of the base model.
        procedure: the side's.
        dataset: fingerprint of the side's data set.
        weights: of the base model.
        probes: samples [n_probes, ...], the probing set.
        indices: int32 [updates, set_size].
        seeds: int32 [updates, 2].
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
        """The job in words, for messages."""
        last = self.first + len(self.indices) - 1
        return f"computing updates {self.first} to {last} of base model {self.base}"

    def run(self, datasets: Datasets) -> dict[str, Array]:
        """Posteriors by the same kernels in the same process.

        Returns:
            before: of the base model, float32 [probes, classes].
            after: after each update, float32 [updates, probes, classes].

        Raises:
            UserError: some of them are not finite.
        """
        own = datasets[self.dataset]
        sets = Samples(own.samples[self.indices], own.labels[self.indices])
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
    """Posteriors of a procedure that updates one base model at a time."""
    none = Samples.none_like(sets.samples[0])
    after = []
    for samples, labels, pair in zip(sets.samples, sets.labels, seeds, strict=True):
        change = Change(Samples(samples, labels), none, none)
        updated = procedure.update(weights, change, seed_of(pair))
        after.append(as_posteriors(procedure.predict_proba(updated, probes)))
    return as_posteriors(procedure.predict_proba(weights, probes)), np.stack(after)


def as_posteriors(answers: Array) -> Array:
    """A procedure's answers, float32 [n, classes], rows that sum to 1.

    Args:
        answers: numbers from 0 up, [n, classes], of any floating type.
    """
    exact = np.asarray(answers, np.float64)
    return (exact / exact.sum(-1, keepdims=True)).astype(np.float32)


Job = TrainingJob | UpdateJob
