"""Building of corpora, one for each side: planned, computed in shards, resumed, extended."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.bases import find, train_missing
from ulk_tf.corpus.changes import trained_together
from ulk_tf.corpus.choosing import choose, of_choice
from ulk_tf.corpus.corpus import Corpus
from ulk_tf.corpus.design import ROLES_OF, BaseId, Design
from ulk_tf.corpus.designs import designs_of
from ulk_tf.corpus.executors import Executor, open_executor
from ulk_tf.corpus.extraction import answers
from ulk_tf.corpus.jobs import UpdateJob
from ulk_tf.corpus.locks import disk_errors, locked
from ulk_tf.corpus.reading import read_updates
from ulk_tf.corpus.shards import Shards
from ulk_tf.corpus.soundness import about_bases, about_data, about_files
from ulk_tf.corpus.stale import check_first_updates
from ulk_tf.corpus.updates import Updates
from ulk_tf.data.datasets import Dataset
from ulk_tf.files import Array, check_folder, digest, save_npz
from ulk_tf.progress import bar, say
from ulk_tf.settings.config import CHOSEN
from ulk_tf.settings.experiment import Experiment
from ulk_tf.settings.update_words import update_words

__all__ = ["BaseId", "Corpus", "Updates", "build_corpus", "designs_of"]

# Updates in one file: about a megabyte, some seconds of work; a multiple of the engine's block.
SHARD_UPDATES = 256
# Where an update takes seconds, a kill must not cost minutes.
SLOW_SHARD_UPDATES = 8


def build_corpus(
    experiment: Experiment,
    dataset: Dataset,
    shadow_dataset: Dataset | None = None,
    sides: Sequence[str] = ("adversary", "owner"),
) -> Corpus:
    """Train missing base models, compute missing updates, and load the corpus.

    Args:
        experiment: all settings.
        dataset: the owner's data set.
        shadow_dataset: the adversary's data set; None if it is the owner's.
        sides: the sides whose updates are computed; those of other sides are missing.

    Returns:
        The corpus; its bytes depend neither on the executor nor on the chunk size or on
        interruptions.

    Raises:
        UserError: the settings do not fit the data, a folder cannot be written to, another
            process builds the same corpus, or workers died repeatedly.
    """
    check_folder(Path(experiment.folders.runs_dir), "--runs_dir")
    chosen = answered = None
    if experiment.probing.extraction_queries is not None:
        answered = answers(experiment, dataset, shadow_dataset)
    if experiment.probing.probes == CHOSEN:
        chosen = _chosen(experiment, dataset, shadow_dataset, answered)
    return _build(experiment, dataset, shadow_dataset, sides, chosen, answered)


def _chosen(
    experiment: Experiment,
    dataset: Dataset,
    shadow_dataset: Dataset | None,
    answered: Array | None,
) -> Array:
    """Ask the adversary's updates about all candidates, and choose; see `choosing`."""
    splits, (design, _) = designs_of(experiment, dataset, shadow_dataset)
    every = np.arange(len(splits.probes))
    asked = _build(of_choice(experiment), dataset, shadow_dataset, ("adversary",), every, answered)
    labels, count = design.dataset.labels, len(design.probing_set)
    return choose(asked.updates["shadow"], labels, dataset.classes, count)


def _build(
    experiment: Experiment,
    dataset: Dataset,
    shadow_dataset: Dataset | None,
    sides: Sequence[str],
    chosen: Array | None,
    answered: Array | None,
) -> Corpus:
    """Build a corpus whose probes and labels are known already; see `build_corpus`."""
    splits, both = designs_of(experiment, dataset, shadow_dataset, chosen, answered)
    other = both[0].dataset
    designs = [design for design in both if design.side in sides]
    datasets = {one.fingerprint: one for one in (dataset, other)}
    # Open the executor first: if a cluster cannot be reached, no folder is left behind.
    with open_executor(experiment.execution, datasets) as executor, ExitStack() as locks:
        loaded = find(designs)
        corpora = [_open(design, loaded, locks) for design in designs]
        warnings = [sentence for one in datasets.values() for sentence in about_data(one)]
        warnings += about_files(designs)
        for sentence in warnings:
            say(sentence)
        start = time.perf_counter()
        bases = train_missing(designs, loaded, executor)
        training = time.perf_counter() - start
        for sentence in about_bases(designs, bases):
            say(sentence)
            warnings.append(sentence)
        check_first_updates(corpora, bases, executor)
        start = time.perf_counter()
        computed = _compute_missing(corpora, bases, executor)
        updating = time.perf_counter() - start
        updates = {
            role: read_updates(design, shards, role)
            for design, shards in corpora
            for role in ROLES_OF[design.side]
        }
    seen = [
        (design.identity, design.party.defence.defence, *[design.repeat][: design.repeat > 1])
        for design in designs
    ]
    key = digest(seen, designs[0].probe_digests)[:16]
    return Corpus(
        key,
        dataset,
        other,
        splits,
        both[0].probing_set,
        bases,
        updates,
        tuple(dict.fromkeys(warnings)),
        _reused(len(loaded), len(bases), sum(map(len, updates.values())), computed),
        {
            design.side: " ".join(
                [
                    *update_words(design.party.update, design.party.data.new_classes),
                    design.procedure.sentence,
                ]
            )
            for design in designs
        },
        {
            name: round(seconds, 2)
            for name, seconds, worked in (
                ("base models", training, len(loaded) < len(bases)),
                ("updates", updating, computed > 0),
            )
            if worked
        },
    )


def missing_updates(design: Design, bases: dict[BaseId, BaseModel]) -> dict[BaseId, int]:
    """Count the updates that a side's corpus lacks, by base model; nothing is locked or written.

    Args:
        design: design of the corpus.
        bases: base models that are on disk; others lack all their updates.
    """
    if _complete(design, bases) is not None:
        return {}
    missing = {base: count for base, count in design.updates.items() if base not in bases}
    shards = Shards(design.folder, design.identity, design.probe_digests)
    for base, start, stop in _gaps(design, shards, bases):
        missing[base] = missing.get(base, 0) + stop - start
    return missing


def _reused(loaded: int, bases: int, updates: int, computed: int) -> str:
    """Describe the parts of a corpus that were on disk, as a phrase."""
    parts = [f"{loaded} of {bases} base models"] if loaded else []
    if computed < updates:
        parts.append(f"{updates - computed:,} of {updates:,} updates")
    return " and ".join(parts)


def _open(
    design: Design, bases: dict[BaseId, BaseModel], locks: ExitStack
) -> tuple[Design, Shards]:
    """Open a side's corpus; unless it is complete, lock its folder and write its plan."""
    complete = _complete(design, bases)
    if complete is not None:
        return design, complete
    folder = design.folder
    locks.enter_context(locked(folder))
    with disk_errors(folder):
        save_npz(folder / "plan.npz", design.plan_arrays())
    return design, Shards(folder, design.identity, design.probe_digests)


def _complete(design: Design, bases: dict[BaseId, BaseModel]) -> Shards | None:
    """Return the side's corpus, or one with a larger probing set, if it is complete; else None.

    It is read without its lock: a process that extends it adds files and changes none.
    """
    if not set(design.updates) <= set(bases):
        return None
    kin = design.folder.name.partition("-")[0]
    folders = sorted(design.folder.parent.glob(f"{kin}-*"), key=lambda one: one != design.folder)
    for folder in folders:
        shards = Shards.with_probes(folder, design.identity, design.probe_digests)
        if shards and not any(_gaps(design, shards, bases)):
            return shards
    return None


def _gaps(
    design: Design, shards: Shards, bases: dict[BaseId, BaseModel]
) -> Iterator[tuple[BaseId, int, int]]:
    slow = not trained_together(design.party.update)
    largest = min(SHARD_UPDATES, SLOW_SHARD_UPDATES) if slow else SHARD_UPDATES
    for base, updates in design.updates.items():
        if base not in bases:
            continue
        for start, stop in shards.missing(str(base), updates, bases[base].digest, largest):
            yield base, start, stop


def _compute_missing(
    corpora: Sequence[tuple[Design, Shards]],
    bases: dict[BaseId, BaseModel],
    executor: Executor,
) -> int:
    """Compute and save the missing updates; return their number."""
    jobs: list[UpdateJob] = []
    homes: list[Shards] = []
    total = 0
    for design, shards in corpora:
        gaps = list(_gaps(design, shards, bases))
        if not gaps:
            continue
        shards.sweep()
        total += sum(design.updates.values())
        for base, start, stop in gaps:
            jobs.append(design.update_job(base, bases[base], start, stop))
            homes.append(shards)
    weights = {str(base): model.digest for base, model in bases.items()}
    left = sum(len(job.seeds) for job in jobs)
    if not left:
        return 0
    with bar(total, "updating models", "update", done=total - left) as shown:
        for number, posteriors in executor.run(jobs):
            job = jobs[number]
            stop = job.first + len(job.seeds)
            homes[number].write(job.base, job.first, stop, weights[job.base], posteriors)
            shown.update(len(job.seeds))
    return left
