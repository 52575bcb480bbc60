"""Benchmark of updates a second: our worker processes against as many of PyTorch."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np

from benchmarks import torch_worker
from benchmarks.alternating import Contender, peak_mib
from benchmarks.settings import Settings
from benchmarks.work import PROBES, TESTED, Work, draw
from ulk_tf.classifiers.keras_procedure import KerasProcedure
from ulk_tf.corpus.changes import NONE
from ulk_tf.corpus.jobs import Datasets, UpdateJob
from ulk_tf.corpus.processes import Processes
from ulk_tf.machine import cores
from ulk_tf.settings.config import ExecutionConfig, TrainingConfig

UPDATES = {1: 1024, 10: 1024, 100: 256}  # one to three seconds of work for PyTorch
PROBED_WHOLE = 16  # updates with the whole test set: seconds of work too
JOB = 64  # updates in a job; a multiple of what the engine takes at once
# Updates in the longer of the two runs of the growth case; the shorter has half as many.
GROWN = 20_000


@dataclass(frozen=True)
class MeasuredJob:
    """Job of the package that returns its worker's peak memory instead of posteriors."""

    job: UpdateJob

    @property
    def what(self) -> str:
        """Phrase that describes the job, for messages."""
        return self.job.what

    def run(self, datasets: Datasets) -> float | None:
        """Do the job without sending posteriors, which would take both sides the same time."""
        posteriors = self.job.run(datasets)["after"]
        return peak_mib() if np.isfinite(posteriors).all() else None


@dataclass(frozen=True)
class UpdateCase:
    """Case of one target and set size: ours, PyTorch on the probing set and on the test set."""

    target: str
    set_size: int
    group = "updates"
    pairs = (("ours", "torch, probing set"), ("ours", "torch, whole test set"))

    @property
    def named(self) -> dict[str, Any]:
        """Name the case."""
        return {"target": self.target, "set_size": self.set_size}

    @contextmanager
    def contenders(self, settings: Settings) -> Iterator[list[Contender]]:
        """Yield the contenders, with their processes running."""
        count = settings.some(UPDATES[self.set_size], at_least=2 * JOB)
        given, workers = draw(self.target, self.set_size, count), cores()
        whole = settings.some(PROBED_WHOLE, at_least=workers)
        ours = Processes(ExecutionConfig(workers=workers), _named(given))
        spawn = get_context("spawn")
        with (
            closing(ours),
            ProcessPoolExecutor(workers, spawn, torch_worker.start, (given,)) as pool,
        ):
            yield [
                Contender("ours", count, partial(_run_ours, ours, given, count)),
                Contender(
                    "torch, probing set", count, partial(_run_torch, pool, workers, count, PROBES)
                ),
                Contender(
                    "torch, whole test set",
                    whole,
                    partial(_run_torch, pool, workers, whole, TESTED),
                ),
            ]


@dataclass(frozen=True)
class GrowthCase:
    """Case of growth: time and memory of the workers for n and for 2n updates."""

    group = "growth"
    pairs = (("twice", "once"),)
    target: str = "mnist_cnn"
    set_size: int = 10

    @property
    def named(self) -> dict[str, Any]:
        """Name the case."""
        return {"target": self.target, "set_size": self.set_size}

    @contextmanager
    def contenders(self, settings: Settings) -> Iterator[list[Contender]]:
        """Yield both runs, each with other workers, so that peaks of memory are separate."""
        count = settings.some(GROWN, at_least=8 * JOB)
        given = draw(self.target, self.set_size, count)
        once, twice = (Processes(ExecutionConfig(), _named(given)) for _ in range(2))
        with closing(once), closing(twice):
            yield [
                Contender(
                    name,
                    number,
                    partial(_run_ours, executor, given, number),
                    partial(_run_ours, executor, given, 4 * JOB),
                )
                for name, executor, number in (("once", once, count // 2), ("twice", twice, count))
            ]


def _named(given: Work) -> Datasets:
    return {given.dataset.fingerprint: given.dataset}


def _run_ours(executor: Processes, given: Work, updates: int) -> float | None:
    data = given.dataset
    procedure = KerasProcedure(
        given.target, TrainingConfig(), given.config, data.sample_shape, data.classes
    )
    jobs = [
        MeasuredJob(
            UpdateJob(
                base="target-000",
                procedure=procedure,
                dataset=data.fingerprint,
                weights=given.weights,
                probes=data.samples[:PROBES],
                indices=given.indices[start : min(start + JOB, updates)],
                seeds=given.seeds[start : min(start + JOB, updates)],
                first=start,
                update=given.config,
                old=NONE,
            )
        )
        for start in range(0, updates, JOB)
    ]
    return _most(peak for _, peak in executor.run(jobs))  # type: ignore[arg-type]


def _most(peaks: Iterator[float | None]) -> float | None:
    return max((peak for peak in peaks if peak is not None), default=None)


def _run_torch(pool: ProcessPoolExecutor, workers: int, updates: int, probes: int) -> float | None:
    share = -(-updates // (2 * workers)) if updates > workers else 1
    starts = range(0, updates, share)
    stops = [min(start + share, updates) for start in starts]
    return _most(iter(list(pool.map(torch_worker.share, starts, stops, [probes] * len(starts)))))
