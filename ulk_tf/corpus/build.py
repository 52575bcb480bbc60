"""Base models and corpora on disk: planned first, built in shards, resumed, extended."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ulk_tf.config import Experiment
from ulk_tf.corpus.executors import execute
from ulk_tf.corpus.jobs import TrainingJob, UpdateJob
from ulk_tf.corpus.plan import PlanRows, draw
from ulk_tf.corpus.shards import Shards
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import SIDES, Side, Splits, check_set_size, split
from ulk_tf.files import Array, digest, save_npz
from ulk_tf.progress import bar
from ulk_tf.target import zoo
from ulk_tf.target.training import BaseModel, architecture
from ulk_tf.target.updates import UpdateEngine

SCHEMA = 1
# Updates in one file: a few megabytes, some seconds of work.
SHARD_UPDATES = 256


@dataclass(frozen=True)
class BaseId:
    """A base model by its side and its number there."""

    side: Side
    number: int

    def __str__(self) -> str:
        return f"{self.side}-{self.number:03d}"


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
    updates: dict[Side, Updates]


def base_ids(experiment: Experiment) -> dict[BaseId, int]:
    """Every base model of an experiment, and how many updates it gets."""
    target, corpus = experiment.target, experiment.corpus
    sizes: dict[Side, tuple[int, int]] = {
        "shadow": (target.shadow_bases, corpus.shadow_updates),
        "validation": (target.validation_bases, corpus.validation_updates),
        "target": (target.target_bases, corpus.target_updates),
    }
    return {
        BaseId(side, number): updates
        for side, (bases, updates) in sizes.items()
        for number in range(bases)
    }


def build_corpus(experiment: Experiment, dataset: Dataset) -> Corpus:
    """Train what base models are missing, compute what updates are missing, load the whole.

    Args:
        experiment: all settings.
        dataset: the data set that `experiment.data` names.

    Returns:
        The corpus; the same bytes whatever the executor, the chunk size or earlier kills.
    """
    splits = split(experiment.data, len(dataset.labels), experiment.seed)
    check_set_size(splits, experiment.update.set_size)
    folder = Path(experiment.output.runs_dir) / dataset.name
    wanted = base_ids(experiment)
    bases = build_bases(experiment, dataset, splits, list(wanted), folder / "bases")
    plan = {
        base: _rows(experiment, dataset, splits, base, updates) for base, updates in wanted.items()
    }
    identity = corpus_identity(experiment, dataset, splits)
    shards = Shards(folder / "corpus" / digest(identity)[:16], identity)
    with shards.locked():
        save_npz(shards.folder / "plan.npz", _plan_arrays(plan))
        _build_missing(experiment, dataset, splits, bases, plan, shards)
    updates = {
        side: _load_side(experiment, dataset, splits, bases, plan, shards, side) for side in SIDES
    }
    return Corpus(shards.folder, dataset, splits, bases, updates)


def corpus_identity(experiment: Experiment, dataset: Dataset, splits: Splits) -> dict[str, object]:
    """All that decides a corpus' bytes; numbers of bases and updates only decide its length."""
    model = zoo.build(experiment.target.target, dataset.sample_shape, dataset.classes)
    training = {k: v for k, v in asdict(experiment.target).items() if k.startswith("base_")}
    sides = [splits.probes, splits.shadow, splits.validation, splits.target]
    return {
        "schema": SCHEMA,
        "dataset": dataset.fingerprint,
        "splits": digest(*sides, splits.base_size),
        "architecture": architecture(model),
        "training": training,
        "update": asdict(experiment.update),
        "path": UpdateEngine(model, experiment.update, dataset.samples[splits.probes]).path,
        "seed": experiment.seed,
    }


def build_bases(
    experiment: Experiment, dataset: Dataset, splits: Splits, wanted: list[BaseId], folder: Path
) -> dict[BaseId, BaseModel]:
    """Load the base models that exist, train the others."""
    target = experiment.target.target
    model = zoo.build(target, dataset.sample_shape, dataset.classes)
    training = {k: v for k, v in asdict(experiment.target).items() if k.startswith("base_")}
    shared = [SCHEMA, dataset.fingerprint, architecture(model), training]
    jobs: dict[BaseId, TrainingJob] = {}
    paths: dict[BaseId, Path] = {}
    for base in wanted:
        own = splits.for_base(base.side, base.number)
        seed = int(
            np.random.default_rng(
                [experiment.seed, 5, SIDES.index(base.side), base.number]
            ).integers(2**31)
        )
        key = digest(*shared, own.base, seed)[:16]
        paths[base] = folder / f"{base}-{key}.npz"
        if not paths[base].is_file():
            jobs[base] = TrainingJob(target, experiment.target, own, seed)
    if jobs:
        order = list(jobs)
        with bar(len(jobs), "training base models", "model") as shown:
            for number, trained in execute(experiment.corpus, dataset, list(jobs.values())):
                trained.save(paths[order[number]])
                shown.update(1)
    return {base: BaseModel.load(path) for base, path in paths.items()}


def _rows(
    experiment: Experiment, dataset: Dataset, splits: Splits, base: BaseId, updates: int
) -> PlanRows:
    return draw(
        seed=experiment.seed,
        side=base.side,
        base=base.number,
        pool=splits.for_base(base.side, base.number).pool,
        labels=dataset.labels,
        updates=updates,
        set_size=experiment.update.set_size,
        skew=experiment.update.label_skew,
    )


def _plan_arrays(plan: dict[BaseId, PlanRows]) -> dict[str, Array]:
    sides = [
        np.full(len(rows.seeds), SIDES.index(base.side), np.int32) for base, rows in plan.items()
    ]
    numbers = [np.full(len(rows.seeds), base.number, np.int32) for base, rows in plan.items()]
    return {
        "side": np.concatenate(sides),
        "base": np.concatenate(numbers),
        "indices": np.concatenate([rows.indices for rows in plan.values()]),
        "seeds": np.concatenate([rows.seeds for rows in plan.values()]),
    }


def _build_missing(
    experiment: Experiment,
    dataset: Dataset,
    splits: Splits,
    bases: dict[BaseId, BaseModel],
    plan: dict[BaseId, PlanRows],
    shards: Shards,
) -> None:
    total = sum(len(rows.seeds) for rows in plan.values())
    jobs: list[UpdateJob] = []
    places: list[tuple[str, int, int, str]] = []
    for base, rows in plan.items():
        weights = bases[base].digest
        for start, stop in shards.missing(str(base), len(rows.seeds), weights, SHARD_UPDATES):
            jobs.append(
                UpdateJob(
                    experiment.target.target,
                    experiment.update,
                    bases[base].weights,
                    splits.probes,
                    rows.indices[start:stop],
                    rows.seeds[start:stop],
                    experiment.corpus.chunk_size,
                    start,
                )
            )
            places.append((str(base), start, stop, weights))
    if not jobs:
        return
    left = sum(stop - start for _, start, stop, _ in places)
    with bar(total, "updating models", "update", done=total - left) as shown:
        for number, after in execute(experiment.corpus, dataset, jobs):
            shards.write(*places[number], after)
            shown.update(len(after))


def _load_side(
    experiment: Experiment,
    dataset: Dataset,
    splits: Splits,
    bases: dict[BaseId, BaseModel],
    plan: dict[BaseId, PlanRows],
    shards: Shards,
    side: Side,
) -> Updates:
    own = [base for base in plan if base.side == side]
    model = zoo.build(experiment.target.target, dataset.sample_shape, dataset.classes)
    engine = UpdateEngine(model, experiment.update, dataset.samples[splits.probes])
    return Updates(
        np.concatenate([np.full(len(plan[b].seeds), b.number, np.int32) for b in own]),
        np.stack([engine.before(bases[b].weights) for b in own]),
        np.concatenate([shards.read(str(b), len(plan[b].seeds)) for b in own]),
        np.concatenate([plan[b].indices for b in own]),
    )


def every_base(corpus: Corpus) -> Iterator[tuple[str, BaseModel]]:
    """Names and base models, for reports."""
    for base, model in corpus.bases.items():
        yield str(base), model
