"""Design of a corpus of one side: its base models and updates, and all that decides their bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ulk_tf.classifiers.keras_procedure import KerasProcedure
from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.jobs import TrainingJob, UpdateJob
from ulk_tf.corpus.plan import PlanRows, draw
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import ROLES, Role, Splits
from ulk_tf.files import Array, digest
from ulk_tf.settings.experiment import Experiment, Party
from ulk_tf.settings.keys import training_key, update_key

SCHEMA = 3
# A part of the keys of base models; theirs have not changed since.
BASE_SCHEMA = 2
ROLES_OF: Mapping[str, tuple[Role, ...]] = {
    "owner": ("target",),
    "adversary": ("shadow", "validation"),
}


@dataclass(frozen=True)
class BaseId:
    """A base model by its role and its number there."""

    role: Role
    number: int

    def __str__(self) -> str:
        return f"{self.role}-{self.number:03d}"


class Design:
    """Everything about a side's corpus that is known before any of it is computed.

    Args:
        side: owner or adversary.
        experiment: all settings.
        dataset: the side's data set.
        classes: how many classes its classifiers tell apart: the target's.
        splits: who owns which samples.
        probing_set: samples [n_probes, ...] that every version is asked about.

    Attributes:
        side: owner or adversary.
        party: its settings.
        dataset: its data set.
        probing_set: what every version is asked about.
        procedure: how it trains, updates and asks its classifiers.
        seed: the experiment's.
        updates: every base model, and how many updates it gets.
    """

    def __init__(
        self,
        side: str,
        experiment: Experiment,
        dataset: Dataset,
        classes: int,
        splits: Splits,
        probing_set: Array,
    ) -> None:
        self.side = side
        self.party: Party = getattr(experiment, side)
        self.dataset = dataset
        self.probing_set = probing_set
        self.procedure = KerasProcedure.of(
            self.party,
            dataset.sample_shape,
            classes,
            dataset.moments,
            experiment.execution.chunk_size,
        )
        self.seed, self._splits, self._folders = experiment.seed, splits, experiment.folders
        counts = experiment.counts
        sizes: dict[Role, tuple[int, int]] = {
            "shadow": (counts.training_bases, counts.training_updates),
            "validation": (counts.validation_bases, counts.validation_updates),
            "target": (counts.target_bases, counts.target_updates),
        }
        self.updates = {
            BaseId(role, number): sizes[role][1]
            for role in ROLES_OF[side]
            for number in range(sizes[role][0])
        }

    @cached_property
    def plan(self) -> dict[BaseId, PlanRows]:
        """The planned updates of every base model."""
        return {base: self._rows(base) for base in self.updates}

    @cached_property
    def identity(self) -> dict[str, object]:
        """All that decides a corpus' bytes but for the probes that are asked.

        Numbers of bases and updates only decide its length.
        """
        splits = self._splits
        owned = [getattr(splits, role) for role in ROLES_OF[self.side]]
        if self.side == "adversary":
            owned.append(splits.lent)
        return {
            "schema": SCHEMA,
            "side": self.side,
            "dataset": self.dataset.fingerprint,
            "samples": digest(*owned, splits.base_sizes[ROLES_OF[self.side][0]]),
            "classes": self.procedure.classes,
            "architecture": self.procedure.architecture,
            "training": training_key(self.party.training),
            "update": update_key(self.party),
            "engine": self.procedure.version,
            "seed": self.seed,
        }

    @cached_property
    def probe_digests(self) -> list[str]:
        """A digest of each probe, by which a corpus of a larger probing set serves this one."""
        return [digest(sample)[:16] for sample in self.probing_set]

    @property
    def home(self) -> Path:
        """The folder of everything made from this data set."""
        return Path(self._folders.runs_dir) / self.dataset.name

    @property
    def folder(self) -> Path:
        """The folder of the corpus: named by its identity, then by the probes that were asked."""
        probes = digest(self.probe_digests)[:8]
        return self.home / "corpus" / f"{digest(self.identity)[:16]}-{probes}"

    def base_key(self, base: BaseId) -> str:
        """All that decides a base model's bytes, as a digest."""
        own = self._splits.for_base(base.role, base.number).base
        shared = [
            BASE_SCHEMA,
            self.dataset.fingerprint,
            self.procedure.architecture,
            training_key(self.party.training),
        ]
        return digest(*shared, own, self._base_seed(base))

    def pool(self, base: BaseId) -> Array:
        """The samples, int32, from which a base model's updating sets are drawn."""
        return self._splits.for_base(base.role, base.number).pool

    def training_job(self, base: BaseId) -> TrainingJob:
        """The job that trains a base model."""
        own = self._splits.for_base(base.role, base.number)
        return TrainingJob(
            str(base), self.procedure, self.dataset.fingerprint, own, self._base_seed(base)
        )

    def update_job(self, base: BaseId, model: BaseModel, start: int, stop: int) -> UpdateJob:
        """The job that computes the planned updates from `start` to before `stop`."""
        rows = self.plan[base]
        return UpdateJob(
            base=str(base),
            procedure=self.procedure,
            dataset=self.dataset.fingerprint,
            weights=model.weights,
            probes=self.probing_set,
            indices=rows.indices[start:stop],
            seeds=rows.seeds[start:stop],
            first=start,
        )

    def plan_arrays(self) -> dict[str, Array]:
        """The whole plan as it is written down: role, base, indices and seeds of every update."""
        counts = list(self.updates.values())
        roles = [ROLES.index(base.role) for base in self.updates]
        numbers = [base.number for base in self.updates]
        return {
            "role": np.repeat(np.array(roles, np.int32), counts),
            "base": np.repeat(np.array(numbers, np.int32), counts),
            "indices": np.concatenate([rows.indices for rows in self.plan.values()]),
            "seeds": np.concatenate([rows.seeds for rows in self.plan.values()]),
        }

    def _base_seed(self, base: BaseId) -> int:
        key = [self.seed, 5, ROLES.index(base.role), base.number]
        return int(np.random.default_rng(key).integers(2**31))

    def _rows(self, base: BaseId) -> PlanRows:
        return draw(
            seed=self.seed,
            role=base.role,
            base=base.number,
            pool=self.pool(base),
            labels=self.dataset.labels,
            updates=self.updates[base],
            set_size=self.party.update.set_size,
            skew=self.party.data.label_skew,
        )
