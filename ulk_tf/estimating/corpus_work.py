"""Work of corpora: base models and updates that are not on disk."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.bases import find
from ulk_tf.corpus.build import designs_of
from ulk_tf.corpus.changes import trained_together
from ulk_tf.corpus.choosing import of_choice
from ulk_tf.corpus.design import Design
from ulk_tf.corpus.extraction import extract
from ulk_tf.corpus.gaps import missing_updates
from ulk_tf.data.probe_sizes import RESERVED
from ulk_tf.estimating.work import BASES, START, UPDATES, Found, Work
from ulk_tf.files import Array
from ulk_tf.machine import cores
from ulk_tf.preflight import Loaded
from ulk_tf.settings.config import CHOSEN
from ulk_tf.settings.experiment import Experiment
from ulk_tf.settings.keys import training_key, update_key

# Of forward and backward pass together, beside the forward pass.
BOTH_PASSES = 3
# Products of all movements with one another, for each probe that is chosen.
PRODUCTS_OF_A_CHOICE = 3


def corpus_work(experiments: Sequence[Experiment], loaded: Loaded) -> Found:
    """Count the base models and updates that runs will compute; nothing is locked or written.

    Args:
        experiments: settings of the runs; what several share counts once.
        loaded: their data.
    """
    works: list[Work] = []
    trained: set[str] = set()
    planned: dict[tuple[str, BaseId], int] = {}
    for experiment, designs in _builds(experiments, loaded, works):
        known, first = find(designs), START
        at_once = _at_once(experiment)
        for design in designs:
            macs = _multiplications(design)
            new = [base for base in design.updates if base not in known]
            fresh = {design.base_key(base): base for base in new if _is_new(design, base, trained)}
            trained |= set(fresh)
            works += _bases(design, list(fresh.values()), macs, at_once)
            first = BASES if fresh else first
            left = 0
            for base, count in missing_updates(design, known).items():
                place = (str(design.folder), base)
                left += max(count - planned.get(place, 0), 0)
                planned[place] = max(count, planned.get(place, 0))
            if left:
                works.append(_updates(design, left, macs, at_once))
        inline = experiment.execution.executor == "inline"
        works.append(Work(first, "corpus start", 1, like=(inline,)))
    return Found(works, len(trained), sum(planned.values()))


def _builds(
    experiments: Sequence[Experiment], loaded: Loaded, works: list[Work]
) -> Iterator[tuple[Experiment, Sequence[Design]]]:
    """Yield the builds of runs, each with its designs; add the work of what lies between them."""
    for experiment in experiments:
        for number in range(experiment.attacked_apart):
            answered = _answered(experiment, loaded, number, works)
            if experiment.probing.probes == CHOSEN:
                yield _choice(experiment, loaded, answered, works)
            data = loaded.dataset, loaded.shadow_dataset
            yield experiment, designs_of(experiment, *data, answered=answered)[1]


def _answered(
    experiment: Experiment, loaded: Loaded, number: int, works: list[Work]
) -> Array | None:
    """Ask a target that is on disk the adversary's queries; stand-ins answer for others."""
    if experiment.probing.extraction_queries is None:
        return None
    splits, (adversary, owner) = designs_of(experiment, loaded.dataset, loaded.shadow_dataset)
    queries, base = adversary.dataset.samples[splits.queries], BaseId("target", number)
    works.append(Work(BASES, "query", len(queries), _multiplications(owner)))
    target = find([owner]).get(base)
    if target is None:
        return np.full((len(queries), loaded.dataset.classes), number, np.float32)
    return extract(owner, base, target, queries)


def _choice(
    experiment: Experiment, loaded: Loaded, answered: Array | None, works: list[Work]
) -> tuple[Experiment, Sequence[Design]]:
    """Return the build on which probes are chosen, and add the work of choosing."""
    few, data = of_choice(experiment), (loaded.dataset, loaded.shadow_dataset)
    splits, _ = designs_of(few, *data)
    every = np.arange(len(splits.probes))
    _, (adversary, _) = designs_of(few, *data, every, answered)
    updates = few.counts.training_bases * few.counts.training_updates
    size = PRODUCTS_OF_A_CHOICE * updates * len(every) * loaded.dataset.classes**2 / 1e9
    chosen = experiment.probing.n_probes or RESERVED
    works.append(Work(START, "chosen probe", chosen, size))
    return few, (adversary,)


def _is_new(design: Design, base: BaseId, trained: set[str]) -> bool:
    return design.base_key(base) not in trained


def _at_once(experiment: Experiment) -> int:
    if experiment.execution.executor == "inline":
        return 1
    return min(experiment.execution.workers or cores(), cores())


def _bases(design: Design, missing: list[BaseId], macs: float, at_once: int) -> list[Work]:
    if not missing:
        return []
    training = design.party.training
    steps = training.base_epochs * math.ceil(len(design.old(missing[0])) / training.base_batch)
    side_by_side = len(missing) / math.ceil(len(missing) / at_once)
    size = BOTH_PASSES * macs * training.base_batch
    like = (design.procedure.architecture, training_key(training))
    return [
        Work(BASES, "base model", len(missing), 0, side_by_side),
        Work(BASES, "base model step", steps * len(missing), size, side_by_side, like),
    ]


def _updates(design: Design, left: int, macs: float, at_once: int) -> Work:
    config, probes = design.party.update, len(design.probing_set)
    version = design.procedure.version
    like = (design.procedure.architecture, update_key(design.party), version, probes)
    if trained_together(config):
        samples = (config.set_size + config.old_samples) * config.updates_between
        trained = BOTH_PASSES * samples * config.update_epochs
        kind = f"update: {version.partition('-')[0]}"
        return Work(UPDATES, kind, left, macs * (probes + trained), at_once, like)
    old = len(design.old(next(iter(design.updates))))
    epochs = design.party.training.base_epochs if config.from_scratch else config.update_epochs
    batch = design.party.training.base_batch if config.from_scratch else config.update_batch
    steps = epochs * math.ceil(old / batch)
    size = BOTH_PASSES * macs * batch
    return Work(UPDATES, "base model step", left * steps, size, at_once, like)


def _multiplications(design: Design) -> float:
    """Count the multiplications of one sample's forward pass, in billions."""
    total = 0
    try:
        build: Any = getattr(design.procedure, "build", None)
        for layer in build().layers if build else ():
            kernel = getattr(layer, "kernel", None)
            if kernel is not None:
                places: tuple[Any, ...] = layer.output.shape[1:-1]
                total += math.prod(kernel.shape) * math.prod(places)
    except Exception:  # a user's classifier raises what it likes, and may not be Keras'
        total = 0
    return (total or 10**6) / 1e9
