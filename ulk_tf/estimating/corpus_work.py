"""Work of corpora: base models and updates that are not on disk."""

import math
from collections.abc import Sequence
from typing import Any

from ulk_tf.corpus.bases import find
from ulk_tf.corpus.build import designs_of
from ulk_tf.corpus.changes import trained_together
from ulk_tf.corpus.design import BaseId, Design
from ulk_tf.corpus.gaps import missing_updates
from ulk_tf.estimating.work import BASES, START, UPDATES, Found, Work
from ulk_tf.machine import cores
from ulk_tf.preflight import Loaded
from ulk_tf.settings.experiment import Experiment
from ulk_tf.settings.keys import training_key, update_key

# Of forward and backward pass together, beside the forward pass.
BOTH_PASSES = 3


def corpus_work(experiments: Sequence[Experiment], loaded: Loaded) -> Found:
    """Count the base models and updates that runs will compute; nothing is locked or written.

    Args:
        experiments: settings of the runs; what several share counts once.
        loaded: their data.
    """
    works: list[Work] = []
    trained: set[str] = set()
    planned: dict[tuple[str, BaseId], int] = {}
    for experiment in experiments:
        _, designs = designs_of(experiment, loaded.dataset, loaded.shadow_dataset)
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
