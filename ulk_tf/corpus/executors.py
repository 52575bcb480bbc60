"""Executors run jobs: in this process, worker processes on this machine, or a Ray cluster."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from ulk_tf.corpus.jobs import Datasets, Job
from ulk_tf.corpus.processes import Processes
from ulk_tf.settings.config import ExecutionConfig


class Executor(Protocol):
    """Runs jobs somewhere."""

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        """Yield (number of the job, its result) as jobs finish, in any order."""

    def close(self) -> None:
        """Stop whatever was started."""


class Inline:
    """Runs jobs in this process, with the threads that TensorFlow has here.

    Args:
        config: not needed.
        datasets: of both sides, by fingerprint.
    """

    def __init__(self, config: ExecutionConfig, datasets: Datasets) -> None:
        del config
        self._datasets = datasets

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        """Yield (number of the job, its result), one after the other."""
        for number, job in enumerate(jobs):
            yield number, job.run(self._datasets)

    def close(self) -> None:
        """Nothing was started."""


def _ray(config: ExecutionConfig, datasets: Datasets) -> Executor:
    from ulk_tf.corpus.ray_executor import Ray  # noqa: PLC0415 - an extra, imported when asked for

    return Ray(config, datasets)


EXECUTORS: dict[str, Callable[[ExecutionConfig, Datasets], Executor]] = {
    "inline": Inline,
    "processes": Processes,
    "ray": _ray,
}


@contextmanager
def open_executor(config: ExecutionConfig, datasets: Datasets) -> Iterator[Executor]:
    """The executor that `config` names, closed at the end.

    Args:
        config: which executor, how many workers.
        datasets: of both sides, by fingerprint; sent once to wherever jobs run.
    """
    opened = EXECUTORS[config.executor](config, datasets)
    try:
        yield opened
    finally:
        opened.close()
