"""Building of corpora, one for each side: planned, computed in shards, resumed, extended."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.base_id import ROLES_OF, BaseId
from ulk_tf.corpus.bases import find, train_missing
from ulk_tf.corpus.choosing import choose, of_choice
from ulk_tf.corpus.corpus import Corpus, added
from ulk_tf.corpus.design import Design
from ulk_tf.corpus.designs import designs_of
from ulk_tf.corpus.executors import Executor, open_executor
from ulk_tf.corpus.extraction import answers
from ulk_tf.corpus.gaps import complete, gaps
from ulk_tf.corpus.jobs import UpdateJob
from ulk_tf.corpus.locks import disk_errors, locked
from ulk_tf.corpus.plan import plan_arrays
from ulk_tf.corpus.reading import read_updates
from ulk_tf.corpus.redrawn import DRAWINGS, SPREAD
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

__all__ = ["BaseId", "Corpus", "Updates", "build_corpora", "build_corpus", "designs_of"]


def build_corpora(
    experiment: Experiment, dataset: Dataset, shadow_dataset: Dataset | None = None
) -> list[Corpus]:
    """Build the corpora of an experiment; see `build_corpus`.

    Args:
        experiment: all settings.
        dataset: the owner's data set.
        shadow_dataset: the adversary's data set; None if it is the owner's.

    Returns:
        One corpus; with --extraction_queries one for each target base model, whose answers its
        shadow base models are trained on.
    """
    return [
        build_corpus(experiment, dataset, shadow_dataset, target=number)
        for number in range(experiment.attacked_apart)
    ]


def build_corpus(
    experiment: Experiment,
    dataset: Dataset,
    shadow_dataset: Dataset | None = None,
    sides: Sequence[str] = ("adversary", "owner"),
    target: int = 0,
) -> Corpus:
    """Train missing base models, compute missing updates, and load the corpus.

    Args:
        experiment: all settings.
        dataset: the owner's data set.
        shadow_dataset: the adversary's data set; None if it is the owner's.
        sides: the sides whose updates are computed; those of other sides are missing.
        target: with --extraction_queries, number of the target base model that answers them; the
            corpus has the updates of this target alone.

    Returns:
        The corpus; its bytes depend neither on the executor nor on the chunk size or on
        interruptions.

    Raises:
        UserError: the settings do not fit the data, a folder cannot be written to, another
            process builds the same corpus, or workers died repeatedly.
    """
    check_folder(Path(experiment.folders.runs_dir), "--runs_dir")
    chosen = answered = None
    seconds: list[Mapping[str, float]] = []
    if experiment.probing.extraction_queries is not None:
        start = time.perf_counter()
        answered = answers(experiment, dataset, shadow_dataset, target)
        seconds.append({"base models": time.perf_counter() - start})
    if experiment.probing.probes == CHOSEN:
        chosen, spent = _chosen(experiment, dataset, shadow_dataset, answered)
        seconds.append(spent)
    corpus = _build(experiment, dataset, shadow_dataset, sides, chosen, answered)
    corpus = replace(corpus, seconds=added([*seconds, corpus.seconds]))
    return corpus if answered is None else corpus.of_target(target)


def _chosen(
    experiment: Experiment,
    dataset: Dataset,
    shadow_dataset: Dataset | None,
    answered: Array | None,
) -> tuple[Array, Mapping[str, float]]:
    """Ask the adversary's updates about all candidates, and choose; also return the seconds."""
    splits, (design, _) = designs_of(experiment, dataset, shadow_dataset)
    every = np.arange(len(splits.probes))
    asked = _build(of_choice(experiment), dataset, shadow_dataset, ("adversary",), every, answered)
    labels, count = design.dataset.labels, len(design.probing_set)
    return choose(asked.updates["shadow"], labels, dataset.classes, count), asked.seconds


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
    key = digest([_seen(design) for design in designs], designs[0].probe_digests)[:16]
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
            name: seconds
            for name, seconds, worked in (
                ("base models", training, len(loaded) < len(bases)),
                ("updates", updating, computed > 0),
            )
            if worked
        },
        both[1].prior,
        both[0].home,
    )


def _seen(design: Design) -> list[object]:
    """List what decides the answers of a side, beside its probing set."""
    defence, repeats = design.party.defence.defence, [design.repeat][: design.repeat > 1]
    drawn = [DRAWINGS, SPREAD] if defence else []
    return [design.identity, defence, *repeats, *drawn]


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
    found = complete(design, bases)
    if found is not None:
        return design, found
    folder = design.folder
    locks.enter_context(locked(folder))
    with disk_errors(folder):
        save_npz(folder / "plan.npz", plan_arrays(design.plan))
    return design, Shards(folder, design.identity, design.probe_digests)


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
        missing = list(gaps(design, shards, bases))
        if not missing:
            continue
        shards.sweep()
        total += sum(design.updates.values())
        for base, start, stop in missing:
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
