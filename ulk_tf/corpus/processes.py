"""Executor on one machine: worker processes of one thread each.

If a worker dies, its job is repeated in a new worker.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from ulk_tf.corpus.jobs import Datasets, Job
from ulk_tf.corpus.worker import ONE_THREAD, outcome
from ulk_tf.errors import UserError
from ulk_tf.machine import cores
from ulk_tf.settings.config import ExecutionConfig

MAX_ATTEMPTS = 3


@dataclass
class _Worker:
    """Worker process, the connection to it, and the number of its present job."""

    process: subprocess.Popen[bytes]
    connection: Connection
    job: int | None = None

    def stop(self) -> None:
        """Kill the process; its job can be repeated by another."""
        self.connection.close()
        self.process.kill()
        self.process.wait()


class Processes:
    """Executor in worker processes, which start with the first jobs and run until `close`.

    Args:
        config: number of workers; one for each core when None.
        datasets: data sets of both sides, by fingerprint; sent once to each worker.

    Attributes:
        most: greatest number of workers.
    """

    def __init__(self, config: ExecutionConfig, datasets: Datasets) -> None:
        self.most = config.workers or cores()
        self._datasets = datasets
        self._workers: list[_Worker] = []

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        """Yield (position in `jobs`, result) as jobs finish.

        Raises:
            UserError: a job raised it, or its workers died repeatedly.
            RuntimeError: a job raised another exception; its traceback is in the message.
        """
        waiting = list(range(len(jobs)))[::-1]
        attempts = [0] * len(jobs)
        left = len(jobs)
        while left:
            while waiting and (worker := self._idle(min(self.most, left))):
                worker.job = waiting.pop()
                attempts[worker.job] += 1
                with suppress(ConnectionError):  # the worker is dead; `_collect` handles it
                    worker.connection.send(jobs[worker.job])
            finished, lost = self._collect()
            for number in lost:
                if attempts[number] >= MAX_ATTEMPTS:
                    raise _gave_up(jobs[number], lost[number])
                waiting.append(number)
            left -= len(finished)
            yield from finished

    def close(self) -> None:
        """Kill all workers."""
        for worker in self._workers:
            worker.stop()
        self._workers.clear()

    def _idle(self, most: int) -> _Worker | None:
        """Return a worker without a job, starting one if there are fewer than `most`; else None."""
        idle = [worker for worker in self._workers if worker.job is None]
        if idle:
            return idle[0]
        if len(self._workers) >= most:
            return None
        worker = start_worker()
        self._workers.append(worker)
        with suppress(ConnectionError):
            worker.connection.send(self._datasets)
        return worker

    def _collect(self) -> tuple[list[tuple[int, Any]], dict[int, int]]:
        """Wait until a worker has finished its job or died.

        Returns:
            Pairs of job and result, and the exit code of the dead worker by lost job.
        """
        finished, lost = [], {}
        busy = [worker for worker in self._workers if worker.job is not None]
        ready = wait([worker.connection for worker in busy])
        for worker in busy:
            number = worker.job
            if worker.connection not in ready or number is None:
                continue
            worker.job = None
            try:
                finished.append((number, outcome(worker.connection.recv())))
            except (EOFError, ConnectionError):
                self._workers.remove(worker)
                with suppress(subprocess.TimeoutExpired):
                    worker.process.wait(5)  # so that its exit code is not that of `stop`
                worker.stop()
                lost[number] = worker.process.returncode
        return finished, lost


def start_worker() -> _Worker:
    """Start a worker process; it waits for the data sets."""
    here, there = Pipe()
    # Workers import from the same paths as this process.
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **ONE_THREAD,
    }
    # Not `-m`: classes of the worker's module would then belong to `__main__` when pickled.
    start = "from ulk_tf.corpus.worker import main; main()"
    command = [sys.executable, "-c", start, str(there.fileno())]
    with there, _no_interrupts():
        process = subprocess.Popen(  # noqa: S603 - this Python, this package
            command, env=environment, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL
        )
    return _Worker(process, here)


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Block SIGINT here, and for ever in processes started meanwhile; the parent handles it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _gave_up(job: Job, code: int) -> UserError:
    cause = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return UserError(
        "worker processes that finish their jobs",
        f"one that died {MAX_ATTEMPTS} times ({cause}) while {job.what}",
        "If memory ran out, lower --workers. What is finished is kept: run again to go on.",
    )
