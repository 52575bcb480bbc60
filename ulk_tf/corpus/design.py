"""What a corpus is to hold: which base models and updates, and all that decides their bytes."""

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

from ulk_tf.classifiers import zoo
from ulk_tf.classifiers.training import BaseModel, architecture
from ulk_tf.classifiers.updates import engine_version
from ulk_tf.corpus.jobs import TrainingJob, UpdateJob
from ulk_tf.corpus.plan import PlanRows, draw
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import ROLES, Role, Splits, check_set_size, split
from ulk_tf.files import Array, digest
from ulk_tf.settings.config import Experiment

SCHEMA = 2


@dataclass(frozen=True)
class BaseId:
    """A base model by its side and its number there."""

    side: Role
    number: int

    def __str__(self) -> str:
        return f"{self.side}-{self.number:03d}"


class Design:
    """Everything about a corpus that is known before any of it is computed.

    Args:
        experiment: all settings.
        dataset: the data set that they name.

    Attributes:
        splits: who owns which samples.
        updates: every base model, and how many updates it gets.
        plan: the updates of every base model.

    Raises:
        UserError: settings that do not fit the data.
    """

    def __init__(self, experiment: Experiment, dataset: Dataset) -> None:
        self.experiment = experiment
        self.dataset = dataset
        self.splits: Splits = split(experiment.data, len(dataset.labels), experiment.seed)
        check_set_size(self.splits, experiment.update.set_size)
        target, corpus = experiment.target, experiment.corpus
        sizes: dict[Role, tuple[int, int]] = {
            "shadow": (target.shadow_bases, corpus.shadow_updates),
            "validation": (target.validation_bases, corpus.validation_updates),
            "target": (target.target_bases, corpus.target_updates),
        }
        self.updates = {
            BaseId(side, number): updates
            for side, (bases, updates) in sizes.items()
            for number in range(bases)
        }
        self.plan = {base: self._rows(base) for base in self.updates}

    @cached_property
    def identity(self) -> dict[str, object]:
        """All that decides a corpus' bytes; numbers of bases and updates only decide its length."""
        sides = [self.splits.probes, *(getattr(self.splits, side) for side in ROLES)]
        return {
            "schema": SCHEMA,
            "dataset": self.dataset.fingerprint,
            "splits": digest(*sides, self.splits.base_size),
            "architecture": architecture(self._model),
            "training": self._training,
            "update": asdict(self.experiment.update),
            "path": engine_version(self._model),
            "seed": self.experiment.seed,
        }

    @property
    def home(self) -> Path:
        """The folder of everything made from this data set."""
        return Path(self.experiment.output.runs_dir) / self.dataset.name

    @property
    def folder(self) -> Path:
        """Where the corpus is."""
        return self.home / "corpus" / digest(self.identity)[:16]

    def base_key(self, base: BaseId) -> str:
        """All that decides a base model's bytes, as a digest."""
        own = self.splits.for_base(base.side, base.number).base
        shared = [SCHEMA, self.dataset.fingerprint, architecture(self._model), self._training]
        return digest(*shared, own, self._seed(base))

    def training_job(self, base: BaseId) -> TrainingJob:
        """What trains a base model."""
        target = self.experiment.target
        own = self.splits.for_base(base.side, base.number)
        return TrainingJob(str(base), target.target, target, own, self._seed(base))

    def update_job(self, base: BaseId, model: BaseModel, start: int, stop: int) -> UpdateJob:
        """What computes the planned updates from `start` to before `stop`."""
        rows = self.plan[base]
        return UpdateJob(
            base=str(base),
            target=self.experiment.target.target,
            config=self.experiment.update,
            weights=model.weights,
            probes=self.splits.probes,
            indices=rows.indices[start:stop],
            seeds=rows.seeds[start:stop],
            first=start,
            chunk_size=self.experiment.corpus.chunk_size,
        )

    def plan_arrays(self) -> dict[str, Array]:
        """The whole plan as it is written down: side, base, indices and seeds of every update."""
        counts = list(self.updates.values())
        sides = [ROLES.index(base.side) for base in self.updates]
        numbers = [base.number for base in self.updates]
        return {
            "side": np.repeat(np.array(sides, np.int32), counts),
            "base": np.repeat(np.array(numbers, np.int32), counts),
            "indices": np.concatenate([rows.indices for rows in self.plan.values()]),
            "seeds": np.concatenate([rows.seeds for rows in self.plan.values()]),
        }

    @cached_property
    def _model(self) -> keras.Model:
        dataset = self.dataset
        return zoo.build(
            self.experiment.target.target, dataset.sample_shape, dataset.classes, dataset.moments
        )

    @property
    def _training(self) -> dict[str, object]:
        settings = asdict(self.experiment.target)
        return {name: value for name, value in settings.items() if name.startswith("base_")}

    def _seed(self, base: BaseId) -> int:
        key = [self.experiment.seed, 5, ROLES.index(base.side), base.number]
        return int(np.random.default_rng(key).integers(2**31))

    def _rows(self, base: BaseId) -> PlanRows:
        return draw(
            seed=self.experiment.seed,
            side=base.side,
            base=base.number,
            pool=self.splits.for_base(base.side, base.number).pool,
            labels=self.dataset.labels,
            updates=self.updates[base],
            set_size=self.experiment.update.set_size,
            skew=self.experiment.update.label_skew,
        )
