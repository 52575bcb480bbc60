"""A corpus on disk: planned first, built in shards, resumed, extended."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.bases import find_or_train
from ulk_tf.corpus.design import BaseId, Design
from ulk_tf.corpus.executors import Executor, executor
from ulk_tf.corpus.jobs import UpdateJob
from ulk_tf.corpus.locks import disk_errors, locked
from ulk_tf.corpus.shards import Shards
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import ROLES, Role, Splits
from ulk_tf.files import Array, check_folder, save_npz
from ulk_tf.progress import bar
from ulk_tf.settings.config import Experiment

__all__ = ["BaseId", "Corpus", "Updates", "build_corpus"]

# Updates in one file: a megabyte, some seconds of work; a multiple of any number of versions
# that the engine takes at once.
SHARD_UPDATES = 256


@dataclass(frozen=True)
class Updates:
    """The updates of one side, as attacks are given them.

    Attributes:
        base: int32 [updates], number of the base model on its side.
        before: float32 [bases, probes, classes], posteriors of the base models.
        after: float32 [updates, probes, classes].
        indices: int32 [updates, set_size], the updating sets.
    """

    base: Array
    before: Array
    after: Array
    indices: Array

    def __len__(self) -> int:
        return len(self.after)


@dataclass(frozen=True)
class Corpus:
    """A built corpus.

    Attributes:
        folder: where it is.
        dataset: the samples that its indices point to.
        splits: who owns which.
        bases: all base models.
        updates: by side.
    """

    folder: Path
    dataset: Dataset
    splits: Splits
    bases: dict[BaseId, BaseModel]
    updates: dict[Role, Updates]


def build_corpus(experiment: Experiment, dataset: Dataset) -> Corpus:
    """Train what base models are missing, compute what updates are missing, load the whole.

    Args:
        experiment: all settings.
        dataset: the data set that `experiment.data` names.

    Returns:
        The corpus; the same bytes whatever the executor, the chunk size or earlier kills.

    Raises:
        UserError: settings that do not fit the data, a folder that cannot be written to, another
            build of the same corpus, or workers that keep dying.
    """
    check_folder(Path(experiment.output.runs_dir), "--runs_dir")
    design = Design(experiment, dataset)
    folder = design.folder
    # First whoever computes: a cluster that is not there leaves no folder behind.
    with executor(experiment.corpus, dataset) as crew, locked(folder):
        with disk_errors(folder):
            save_npz(folder / "plan.npz", design.plan_arrays())
        bases = find_or_train(design, crew)
        shards = Shards(folder, design.identity)
        _compute_missing(design, bases, shards, crew)
        updates = {side: _side(design, shards, side) for side in ROLES}
    return Corpus(folder, dataset, design.splits, bases, updates)


def _compute_missing(
    design: Design, bases: dict[BaseId, BaseModel], shards: Shards, crew: Executor
) -> None:
    jobs: list[UpdateJob] = []
    for base, updates in design.updates.items():
        gaps = shards.missing(str(base), updates, bases[base].digest, SHARD_UPDATES)
        jobs += [design.update_job(base, bases[base], start, stop) for start, stop in gaps]
    weights = {str(base): model.digest for base, model in bases.items()}
    total = sum(design.updates.values())
    left = sum(len(job.seeds) for job in jobs)
    if not left:
        return
    with bar(total, "updating models", "update", done=total - left) as shown:
        for number, posteriors in crew.run(jobs):
            job = jobs[number]
            stop = job.first + len(job.seeds)
            shards.write(job.base, job.first, stop, weights[job.base], posteriors)
            shown.update(len(job.seeds))


def _side(design: Design, shards: Shards, side: Role) -> Updates:
    own = {base: updates for base, updates in design.updates.items() if base.side == side}
    read = [shards.read(str(base), updates) for base, updates in own.items()]
    numbers = np.array([base.number for base in own], np.int32)
    return Updates(
        np.repeat(numbers, list(own.values())),
        np.stack([before for before, _ in read]),
        np.concatenate([after for _, after in read]),
        np.concatenate([design.plan[base].indices for base in own]),
    )
