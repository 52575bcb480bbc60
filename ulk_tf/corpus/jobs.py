"""Jobs of workers: train a base model, or compute the posteriors of planned updates."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ulk_tf.classifiers.procedure import Change, ManyUpdates, Procedure, Samples, Weights, seed_of
from ulk_tf.classifiers.training import BaseModel, train_base
from ulk_tf.corpus.changes import changes_of, trained_on, trained_together
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import BaseSplit
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.update_config import UpdateConfig

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
        answered: posteriors that take the place of the training samples' labels, float32
            [n, classes]; None for their own labels.
    """

    base: str
    procedure: Procedure
    dataset: str
    split: BaseSplit
    seed: int
    answered: Array | None = None

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
        model = train_base(
            self.procedure, dataset.samples, dataset.labels, self.split, self.seed, self.answered
        )
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
        indices: updating sets, int32 [updates, updates_between * set_size]; a smaller set is
            repeated until it fills its row.
        seeds: seeds of the updates, int32 [updates, 2].
        first: number of the first of these updates in the plan of its base model.
        update: settings of the updates.
        old: samples on which the base model was trained, int32 [n]; empty if updates read none.
    """

    base: str
    procedure: Procedure
    dataset: str
    weights: Weights
    probes: Array
    indices: Array
    seeds: Array
    first: int
    update: UpdateConfig
    old: Array

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
        if len(self.update.sizes) > 1:
            return self._by_size(datasets)
        dataset = datasets[self.dataset]
        if isinstance(self.procedure, ManyUpdates) and trained_together(self.update):
            rows = np.stack(
                [
                    trained_on(self.update, planned, seed, self.old)
                    for planned, seed in zip(self.indices, self.seeds, strict=True)
                ]
            )
            sets = Samples(dataset.samples[rows], dataset.labels[rows])
            before, after = self.procedure.update_many(
                self.weights, sets, self.seeds, self.probes, self.first
            )
        else:
            before, after = self._one_by_one(dataset)
        for what, posteriors in (("before", before), ("after", after)):
            if not np.isfinite(posteriors).all():
                raise UserError(
                    f"finite posteriors {what} updates of base model {self.base}",
                    f"NaN or infinity while {self.what}",
                    "Lower --update_learning_rate (or --shadow_update_learning_rate).",
                )
        return {"before": before, "after": after}

    def _by_size(self, datasets: Datasets) -> dict[str, Array]:
        """Compute the updates of each set size by themselves."""
        sizes, update = self.update.sizes, self.update
        numbers = self.first + np.arange(len(self.indices))
        parts: list[tuple[Array, dict[str, Array]]] = []
        for turn, size in enumerate(sizes):
            rows = np.flatnonzero(numbers % len(sizes) == turn)
            if not len(rows):
                continue
            sets = self.indices[rows].reshape(len(rows), update.updates_between, update.set_size)
            job = replace(
                self,
                indices=sets[..., :size].reshape(len(rows), -1),
                seeds=self.seeds[rows],
                first=int(numbers[rows[0]]) // len(sizes),
                update=replace(update, set_size=size, set_sizes=None),
            )
            parts.append((rows, job.run(datasets)))
        after = np.concatenate([computed["after"] for _, computed in parts])
        order = np.argsort(np.concatenate([rows for rows, _ in parts]))
        return {"before": parts[0][1]["before"], "after": after[order]}

    def _one_by_one(self, dataset: Dataset) -> tuple[Array, Array]:
        """Compute posteriors with a procedure that makes one update at a time."""

        def samples(rows: Array) -> Samples:
            return Samples(dataset.samples[rows], dataset.labels[rows])

        def queried(weights: Weights) -> Array:
            return as_posteriors(self.procedure.predict_proba(weights, self.probes))

        after = []
        for planned, pair in zip(self.indices, self.seeds, strict=True):
            weights = self.weights
            changes = changes_of(self.update, planned, pair, self.old)
            for number, rows in enumerate(changes):
                change = Change(*map(samples, (rows.added, rows.removed, rows.kept)))
                seed = seed_of([*pair, number] if number else pair)
                weights = self.procedure.update(weights, change, seed)
            after.append(queried(weights))
        return queried(self.weights), np.stack(after)


def as_posteriors(answers: Array) -> Array:
    """Normalise the outputs of a procedure to posteriors, float32 [n, classes].

    Args:
        answers: nonnegative numbers [n, classes], of any floating type.
    """
    exact = np.asarray(answers, np.float64)
    return (exact / exact.sum(-1, keepdims=True)).astype(np.float32)


Job = TrainingJob | UpdateJob
