"""Updates a second: our worker processes against as many single-threaded ones of PyTorch."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np

from benchmarks.alternating import Contender, peak_mib
from benchmarks.settings import Settings
from ulk_tf.config import CorpusConfig, UpdateConfig
from ulk_tf.corpus.jobs import UpdateJob
from ulk_tf.corpus.processes import Processes, cores
from ulk_tf.data.datasets import Dataset
from ulk_tf.files import Array

SHAPES = {"mnist_cnn": (28, 28, 1), "lenet": (32, 32, 3)}
TESTED = 10_000  # samples in the test set
POOL = 2_000  # samples from which updating sets are drawn
PROBES = 100
UPDATES = {1: 1024, 10: 1024, 100: 256}  # one to three seconds of work for PyTorch
PROBED_WHOLE = 16  # updates with the whole test set: seconds of work too
JOB = 64  # updates in a job; a multiple of what the engine takes at once
# The longer of the two runs that must take twice as long as each other's half.
GROWN = 20_000


@dataclass(frozen=True)
class MeasuredJob:
    """A job of the package that answers its worker's peak memory instead of posteriors."""

    job: UpdateJob

    @property
    def what(self) -> str:
        """What the job does, for messages."""
        return self.job.what

    def run(self, dataset: Dataset) -> float | None:
        """Do the work; the posteriors are sent as bytes would be, so that the work is equal."""
        posteriors = self.job.run(dataset)["after"]
        return peak_mib() if np.isfinite(posteriors).all() else None


@dataclass(frozen=True)
class Work:
    """What both sides are given: random images and sets, and a base model of the zoo."""

    target: str
    dataset: Dataset
    weights: tuple[Array, ...]
    config: UpdateConfig
    indices: Array
    seeds: Array


def work(target: str, set_size: int, updates: int) -> Work:
    """Draw the work; time does not depend on values.

    Args:
        target: name of the classifier in the zoo.
        set_size: samples in an updating set.
        updates: how many.
    """
    import keras  # noqa: PLC0415 - takes seconds, and workers of PyTorch import this module

    from ulk_tf.target import zoo  # noqa: PLC0415

    rng = np.random.default_rng(0)
    samples = rng.integers(0, 256, (TESTED + POOL, *SHAPES[target]), np.uint8)
    labels = rng.integers(0, 10, len(samples)).astype(np.int32)
    keras.utils.set_random_seed(0)
    weights = tuple(zoo.build(target, SHAPES[target], 10).get_weights())
    return Work(
        target,
        Dataset("random", samples, labels, tuple("0123456789")),
        weights,
        UpdateConfig(set_size=set_size),
        rng.integers(TESTED, len(samples), (updates, set_size)).astype(np.int32),
        rng.integers(0, 2**31 - 1, (updates, 2)).astype(np.int32),
    )


@dataclass(frozen=True)
class UpdateCase:
    """One target and one set size; ours, PyTorch on the probing set and on the whole test set."""

    target: str
    set_size: int
    group = "updates"
    pairs = (("ours", "torch, probing set"), ("ours", "torch, whole test set"))

    @property
    def named(self) -> dict[str, Any]:
        """What the case is."""
        return {"target": self.target, "set_size": self.set_size}

    @contextmanager
    def contenders(self, settings: Settings) -> Iterator[list[Contender]]:
        """Both sides with their processes running."""
        count = settings.some(UPDATES[self.set_size], at_least=2 * JOB)
        given, crew = work(self.target, self.set_size, count), cores()
        whole = settings.some(PROBED_WHOLE, at_least=crew)
        ours = Processes(CorpusConfig(workers=crew), given.dataset)
        spawn = get_context("spawn")
        with closing(ours), ProcessPoolExecutor(crew, spawn, _start_torch, (given,)) as pool:
            yield [
                Contender("ours", count, partial(_run_ours, ours, given, count)),
                Contender(
                    "torch, probing set", count, partial(_run_torch, pool, crew, count, PROBES)
                ),
                Contender(
                    "torch, whole test set", whole, partial(_run_torch, pool, crew, whole, TESTED)
                ),
            ]


@dataclass(frozen=True)
class GrowthCase:
    """Twice the updates: the time that they take, and the memory of the workers."""

    group = "growth"
    pairs = (("twice", "once"),)
    target: str = "mnist_cnn"
    set_size: int = 10

    @property
    def named(self) -> dict[str, Any]:
        """What the case is."""
        return {"target": self.target, "set_size": self.set_size}

    @contextmanager
    def contenders(self, settings: Settings) -> Iterator[list[Contender]]:
        """Two sets of workers, so that each has a peak of its own."""
        count = settings.some(GROWN, at_least=8 * JOB)
        given = work(self.target, self.set_size, count)
        once, twice = (Processes(CorpusConfig(), given.dataset) for _ in range(2))
        with closing(once), closing(twice):
            yield [
                Contender(
                    name,
                    number,
                    partial(_run_ours, crew, given, number),
                    partial(_run_ours, crew, given, 4 * JOB),
                )
                for name, crew, number in (("once", once, count // 2), ("twice", twice, count))
            ]


def _run_ours(crew: Processes, given: Work, updates: int) -> float | None:
    jobs = [
        MeasuredJob(
            UpdateJob(
                base="target-000",
                target=given.target,
                config=given.config,
                weights=given.weights,
                probes=np.arange(PROBES, dtype=np.int32),
                indices=given.indices[start : min(start + JOB, updates)],
                seeds=given.seeds[start : min(start + JOB, updates)],
                first=start,
                chunk_size=50,
            )
        )
        for start in range(0, updates, JOB)
    ]
    return _most(peak for _, peak in crew.run(jobs))  # type: ignore[arg-type]


def _most(peaks: Iterator[float | None]) -> float | None:
    return max((peak for peak in peaks if peak is not None), default=None)


_LOOP: Sequence[Any] = ()


def _start_torch(given: Work) -> None:
    """Set a process of PyTorch up: one thread, images normalised once."""
    global _LOOP  # noqa: PLW0603 - the only thing that a pool's process keeps
    import torch  # noqa: PLC0415 - only the twins need it

    from benchmarks.torch_updates import torch_loop  # noqa: PLC0415

    torch.set_num_threads(1)
    dataset = given.dataset
    loop = torch_loop(given.target, given.weights, dataset.samples, dataset.labels, given.config)
    _LOOP = (loop, given)


def _run_torch(pool: ProcessPoolExecutor, crew: int, updates: int, probes: int) -> float | None:
    share = -(-updates // (2 * crew)) if updates > crew else 1
    starts = range(0, updates, share)
    stops = [min(start + share, updates) for start in starts]
    return _most(iter(list(pool.map(_torch_share, starts, stops, [probes] * len(starts)))))


def _torch_share(start: int, stop: int, probes: int) -> float | None:
    loop, given = _LOOP
    rows = slice(start, stop)
    queries = np.arange(probes)
    posteriors = loop.after(given.indices[rows], given.seeds[rows], queries, PROBES)
    return peak_mib() if np.isfinite(posteriors).all() else None
