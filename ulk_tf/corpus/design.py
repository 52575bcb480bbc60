"""Design of one side's corpus: its base models, its updates, and their keys."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np

from ulk_tf.classifiers.base_file import opened, with_architecture
from ulk_tf.classifiers.side_procedure import procedure_of
from ulk_tf.classifiers.training import BaseModel, measured
from ulk_tf.corpus.base_id import ROLES_OF, BaseId
from ulk_tf.corpus.changes import NONE
from ulk_tf.corpus.jobs import TrainingJob, UpdateJob
from ulk_tf.corpus.plan import PlanRows, draw, prior_of
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import ROLES, BaseSplit, Role, Splits
from ulk_tf.files import Array, digest
from ulk_tf.settings.experiment import Experiment, Party
from ulk_tf.settings.keys import training_key, update_key

SCHEMA = 3
# Part of the keys of base models, whose format is unchanged since this schema.
BASE_SCHEMA = 2


class Design:
    """Design of a side's corpus, known before anything is computed.

    Args:
        side: owner or adversary.
        experiment: all settings.
        dataset: the side's data set.
        classes: number of classes of its classifiers, which is the target's.
        splits: the samples of each side.
        probing_set: samples [n_probes, ...] with which every version is queried.
        answered: posteriors of the target for the queries of `splits`, on which base models are
            trained, float32 [queries, classes]; None if they are trained on true labels.

    Attributes:
        side: owner or adversary.
        party: settings of the side.
        dataset: the side's data set.
        base_file: the side's base model if it is a file, else None.
        probing_set: samples [n_probes, ...] with which every version is queried.
        procedure: trains, updates and queries the side's classifiers.
        seed: the experiment's seed.
        repeat: how often the adversary asks each version; she averages the answers.
        updates: number of updates by base model.
        answered: labels of the base models' training samples; None if they are the true ones.
    """

    def __init__(
        self,
        side: str,
        experiment: Experiment,
        dataset: Dataset,
        classes: int,
        splits: Splits,
        probing_set: Array,
        answered: Array | None = None,
    ) -> None:
        self.side = side
        self.party: Party = with_architecture(experiment, side, dataset.sample_shape, classes)
        self.base_file = opened(self.party, dataset.sample_shape, classes)
        self.dataset = dataset
        self.probing_set = probing_set
        self.answered = answered
        self.procedure = procedure_of(
            self.party,
            dataset.sample_shape,
            classes,
            dataset.moments,
            experiment.execution.chunk_size,
        )
        self.repeat = experiment.probing.repeat
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
        """Planned updates by base model."""
        return {base: self._rows(base) for base in self.updates}

    @property
    def prior(self) -> Array | None:
        """Class prior of the side's updating sets, float64 [classes]; None: as samples have it."""
        return prior_of(self.seed, self.party.data.label_prior, self.procedure.classes)

    @cached_property
    def identity(self) -> dict[str, object]:
        """Settings that decide a corpus' posteriors, except the probing set, by name.

        The numbers of bases and updates are not among them: they decide its length only.
        """
        splits = self._splits
        owned = [getattr(splits, role) for role in ROLES_OF[self.side]]
        if self.side == "adversary":
            owned.append(splits.lent)
        file: dict[str, object] = {}
        if self.base_file:
            file["base_model"] = self.base_file.digest
            if self.party.update.reads_old:
                file["old"] = digest(*map(self.old, self.updates))
        if self.answered is not None:
            file["answered"] = digest(self.answered)
        if self.side in splits.new:
            file["new"] = digest(splits.new[self.side])
        return file | {
            "schema": SCHEMA,
            "side": self.side,
            "dataset": self.dataset.fingerprint,
            "samples": digest(*owned, splits.base_sizes[ROLES_OF[self.side][0]]),
            "classes": self.procedure.classes,
            "architecture": self.procedure.architecture,
            "training": self._read(training_key(self.party.training)),
            "training_loop": self.procedure.base_version,
            "update": self._read(update_key(self.party)),
            "engine": self.procedure.version,
            "seed": self.seed,
        }

    @cached_property
    def probe_digests(self) -> list[str]:
        """Digest of each probe, so that a corpus with a larger probing set can be reused."""
        return [digest(sample)[:16] for sample in self.probing_set]

    @property
    def home(self) -> Path:
        """Folder of the corpora, base models and runs of this data set."""
        return Path(self._folders.runs_dir) / self.dataset.name

    @property
    def folder(self) -> Path:
        """Folder of the corpus; its name holds digests of the identity and of the probing set."""
        probes = digest(self.probe_digests)[:8]
        return self.home / "corpus" / f"{digest(self.identity)[:16]}-{probes}"

    def base_key(self, base: BaseId) -> str:
        """Compute the key of a base model: a digest of everything that decides its weights."""
        if self.base_file:
            return self.base_file.digest
        training_samples = self.old(base)
        shared = [
            BASE_SCHEMA,
            self.dataset.fingerprint,
            self.procedure.architecture,
            self._read(training_key(self.party.training)),
            self.procedure.base_version,
        ]
        labels = [] if self.answered is None else [self.answered]
        return digest(*shared, training_samples, self._base_seed(base), *labels)

    def split(self, base: BaseId) -> BaseSplit:
        """Return the old samples of a base model, and those of its updating sets."""
        return self._splits.for_base(base.role, base.number)

    def pool(self, base: BaseId) -> Array:
        """Return the samples from which a base model's updating sets are drawn, int32 [n].

        Those of unlearning are drawn from the old samples.
        """
        if self.party.update.removes:
            return self.split(base).removable
        return self.split(base).pool

    def model_of_file(self, base: BaseId) -> BaseModel | None:
        """Measure the accuracies of a base model from a file; None if the side trains its own."""
        if self.base_file is None:
            return None
        data = self.dataset
        return measured(
            self.procedure, self.base_file.weights, data.samples, data.labels, self.split(base)
        )

    def old(self, base: BaseId) -> Array:
        """Return the old samples, those that a base model is trained on, int32 [n]."""
        return self.split(base).base

    def training_job(self, base: BaseId) -> TrainingJob:
        """Make the job that trains a base model."""
        return TrainingJob(
            str(base),
            self.procedure,
            self.dataset.fingerprint,
            self.split(base),
            self._base_seed(base),
            self.answered,
        )

    def update_job(self, base: BaseId, model: BaseModel, start: int, stop: int) -> UpdateJob:
        """Make the job that computes planned updates of a base model.

        Args:
            base: identity of the base model.
            model: the trained base model.
            start: number of the first update.
            stop: number after the last update.
        """
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
            update=self.party.update,
            old=self.old(base) if self.party.update.reads_old else NONE,
        )

    def _read(self, settings: Mapping[str, object]) -> dict[str, object]:
        """Leave out the settings that the procedure does not read."""
        return {name: value for name, value in settings.items() if self.procedure.reads(name)}

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
            sizes=self.party.update.sizes,
            sets=self.party.update.updates_between,
            skew=self.party.data.label_skew,
            prior=self.prior,
        )
