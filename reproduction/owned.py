"""Owned base model: trained here, with its pool and its updating sets known."""

from dataclasses import dataclass, replace

import keras
import numpy as np

from ulk_tf.classifiers.updates import UpdateEngine
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.build import designs_of
from ulk_tf.corpus.pipeline import label_shares
from ulk_tf.corpus.plan import PlanRows, draw
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import Role
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.experiment import Experiment

# Share of the pool that training sets are drawn from; test sets are of the other samples.
LEARNED = 0.8


@dataclass(frozen=True)
class Owned:
    """Trained base model and the samples of its updates.

    Attributes:
        experiment: settings of its training and its updates.
        dataset: samples and labels.
        probes: the probing set, positions in the data set, int32 [n].
        pool: samples of updating sets, positions in the data set, int32 [n].
        known: number of samples at the start of `pool` for training sets; the rest is for tests.
        model: the base model.
    """

    experiment: Experiment
    dataset: Dataset
    probes: Array
    pool: Array
    known: int
    model: keras.Model

    def plan(self, role: Role, count: int, set_size: int, skew: float | None) -> PlanRows:
        """Draw updating sets: of known samples for the shadow role, of the others otherwise."""
        known = role == "shadow"
        return draw(
            seed=0,
            role=role,
            base=0,
            pool=self.pool[: self.known] if known else self.pool[self.known :],
            labels=self.dataset.labels,
            updates=count,
            sizes=(set_size,),
            skew=skew,
        )

    def truth(self, plan: PlanRows) -> Array:
        """Return the label distributions of updating sets, float32 [sets, classes]."""
        return label_shares(self.dataset, plan.indices)

    def posteriors(self, plan: PlanRows) -> tuple[Array, Array]:
        """Compute posteriors before [probes, classes] and after [updates, probes, classes]."""
        update = replace(self.experiment.adversary.update, set_size=plan.indices.shape[1])
        engine = UpdateEngine(self.model, update, self.dataset.samples[self.probes])
        weights, after = self.model.get_weights(), []
        for start in range(0, len(plan.seeds), 2000):
            rows = plan.indices[start : start + 2000]
            samples, labels = self.dataset.samples[rows], self.dataset.labels[rows]
            seeds = plan.seeds[start : start + 2000]
            after.append(engine.after(weights, samples, labels, seeds, first=start))
        return engine.before(weights), np.concatenate(after)


def own(experiment: Experiment, dataset: Dataset, largest: int) -> Owned:
    """Train the first shadow base.

    Args:
        experiment: settings of base models and their data.
        dataset: the data set that it names.
        largest: samples in the largest test set.

    Raises:
        UserError: the pool is too small for such a set.
    """
    splits, (design, _) = designs_of(experiment, dataset)
    base = BaseId("shadow", 0)
    owned = splits.for_base(base.role, base.number).pool
    pool = np.random.default_rng([experiment.seed, 9]).permutation(owned)
    known = int(LEARNED * len(pool))
    if len(pool) - known < largest:
        others = f"{len(pool) - known} of {dataset.name}"
        raise UserError(f"a pool with {largest} samples to ask about", others)
    trained = design.training_job(base).run({dataset.fingerprint: dataset})
    model = design.procedure.build()
    model.set_weights(trained.weights)
    return Owned(experiment, dataset, splits.probes, pool, known, model)
