"""Who computes: this process, worker processes on this machine, or a Ray cluster."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from ulk_tf.corpus.jobs import Job
from ulk_tf.corpus.processes import Processes
from ulk_tf.data.datasets import Dataset
from ulk_tf.settings.config import CorpusConfig


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
        dataset: all samples and labels.
    """

    def __init__(self, config: CorpusConfig, dataset: Dataset) -> None:
        del config
        self._dataset = dataset

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        """Yield (number of the job, its result), one after the other."""
        for number, job in enumerate(jobs):
            yield number, job.run(self._dataset)

    def close(self) -> None:
        """Nothing was started."""


def _ray(config: CorpusConfig, dataset: Dataset) -> Executor:
    from ulk_tf.corpus.ray_executor import Ray  # noqa: PLC0415 - an extra, imported when asked for

    return Ray(config, dataset)


EXECUTORS: dict[str, Callable[[CorpusConfig, Dataset], Executor]] = {
    "inline": Inline,
    "processes": Processes,
    "ray": _ray,
}


@contextmanager
def executor(config: CorpusConfig, dataset: Dataset) -> Iterator[Executor]:
    """The executor that `config` names, closed at the end.

    Args:
        config: which executor, how many workers.
        dataset: sent once to wherever jobs run.
    """
    opened = EXECUTORS[config.executor](config, dataset)
    try:
        yield opened
    finally:
        opened.close()
