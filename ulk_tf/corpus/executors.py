"""Who computes: this process, spawned single-threaded processes, or a Ray cluster."""

import ctypes
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import tensorflow as tf

from ulk_tf.config import CorpusConfig
from ulk_tf.corpus.jobs import Job
from ulk_tf.data.datasets import Dataset

MAX_ATTEMPTS = 3
# From malloc.h: mmap only beyond 32 MiB, never trim, grow by 64 MiB, one arena for all threads.
_MALLOPT = {-3: 2**25, -1: 2**31 - 1, -2: 2**26, -8: 1}
Results = Iterator[tuple[int, Any]]


def execute(config: CorpusConfig, dataset: Dataset, jobs: Sequence[Job]) -> Results:
    """Run jobs and yield (number of the job, its result) as they finish, in any order.

    Args:
        config: which executor, how many workers.
        dataset: sent once to each worker.
        jobs: each is run until it succeeds, at most three times if its worker dies.
    """
    return EXECUTORS[config.executor](config, dataset, jobs)


def _inline(config: CorpusConfig, dataset: Dataset, jobs: Sequence[Job]) -> Results:
    """In this process, with the threads that TensorFlow has here."""
    del config
    for number, job in enumerate(jobs):
        yield number, job.run(dataset)


def _processes(config: CorpusConfig, dataset: Dataset, jobs: Sequence[Job]) -> Results:
    """In spawned processes of one thread each."""
    attempts = [0] * len(jobs)
    left = set(range(len(jobs)))
    workers = min(config.workers or os.cpu_count() or 1, len(jobs))
    while left:
        pool = ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_worker,
            initargs=(dataset, os.getpid()),
        )
        try:
            for number, result in _drain(pool, jobs, sorted(left), workers):
                left.discard(number)
                yield number, result
        except BrokenProcessPool:
            # Which job killed its worker is unknown: all that were under way count one attempt.
            for number in sorted(left)[: 2 * workers]:
                attempts[number] += 1
                if attempts[number] >= MAX_ATTEMPTS:
                    raise
        finally:
            for process in list((pool._processes or {}).values()) if left else []:
                process.terminate()
            pool.shutdown(wait=True, cancel_futures=True)


def _drain(
    pool: ProcessPoolExecutor, jobs: Sequence[Job], numbers: Sequence[int], workers: int
) -> Results:
    """Keep two jobs a worker submitted; yield results as they come."""
    waiting = list(reversed(numbers))
    running: dict[Future[Any], int] = {}
    while waiting or running:
        while waiting and len(running) < 2 * workers:
            number = waiting.pop()
            running[pool.submit(_run_job, jobs[number])] = number
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield running.pop(future), future.result()


_worker_dataset: Dataset | None = None


def _start_worker(dataset: Dataset, parent: int) -> None:
    """Prepare a spawned process: one thread, and an end of its own when its parent is gone."""
    global _worker_dataset  # noqa: PLW0603 - a process has one data set
    single_threaded()
    keep_memory()
    _worker_dataset = dataset
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def single_threaded() -> None:
    """One TensorFlow thread: faster for small kernels, and the same bytes everywhere."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def keep_memory() -> None:
    """Let the C library keep freed memory: a page handed back costs more than what it is used for.

    Each update allocates and frees the same few megabytes some hundred times.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return  # not the GNU C library
    for option, value in _MALLOPT.items():
        mallopt(option, value)


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _run_job(job: Job) -> Any:
    if _worker_dataset is None:
        raise RuntimeError("a worker runs jobs only after _start_worker")
    return job.run(_worker_dataset)


EXECUTORS: dict[str, Callable[[CorpusConfig, Dataset, Sequence[Job]], Results]] = {
    "inline": _inline,
    "processes": _processes,
}
