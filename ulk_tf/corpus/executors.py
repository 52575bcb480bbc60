"""Executors: run jobs in this process, in worker processes, or on a Ray cluster."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from ulk_tf.corpus.jobs import Datasets, Job
from ulk_tf.corpus.processes import Processes
from ulk_tf.settings.config import ExecutionConfig


class Executor(Protocol):
    """Interface of an executor."""

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        """Yield (position in `jobs`, result) as jobs finish, in any order."""

    def close(self) -> None:
        """Stop the workers."""


class Inline:
    """Executor in this process, with the threads that TensorFlow has here.

    Args:
        config: unused.
        datasets: data sets of both sides, by fingerprint.
    """

    def __init__(self, config: ExecutionConfig, datasets: Datasets) -> None:
        del config
        self._datasets = datasets

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        """Yield (position in `jobs`, result), in order."""
        for number, job in enumerate(jobs):
            yield number, job.run(self._datasets)

    def close(self) -> None:
        """Do nothing: there are no workers."""


def _ray(config: ExecutionConfig, datasets: Datasets) -> Executor:
    from ulk_tf.corpus.ray_executor import Ray  # noqa: PLC0415 - an optional dependency

    return Ray(config, datasets)


EXECUTORS: dict[str, Callable[[ExecutionConfig, Datasets], Executor]] = {
    "inline": Inline,
    "processes": Processes,
    "ray": _ray,
}


@contextmanager
def open_executor(config: ExecutionConfig, datasets: Datasets) -> Iterator[Executor]:
    """Open the executor that `config` names; close it on exit.

    Args:
        config: name of the executor, number of workers.
        datasets: data sets of both sides, by fingerprint; sent once to each worker.
    """
    opened = EXECUTORS[config.executor](config, datasets)
    try:
        yield opened
    finally:
        opened.close()
