"""Executor on a Ray cluster: the same jobs on many machines.

The data sets and each base model's weights go into the object store once. Few tasks are submitted
at a time, and the tasks of a lost node are submitted again.
"""

import os
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from ulk_tf.corpus.jobs import Datasets, Job, UpdateJob
from ulk_tf.corpus.worker import ONE_THREAD, Done, Failed, answer, outcome, prepare
from ulk_tf.errors import UserError
from ulk_tf.settings.config import ExecutionConfig

try:
    import ray
    from ray.exceptions import RayError
except ImportError as error:  # an extra
    raise UserError(
        "Ray to be installed for --executor=ray", str(error), "pip install 'ulk_tf[ray]'"
    ) from error

MAX_ATTEMPTS = 5
# Seconds within which a cluster must accept a connection.
REACH = 10.0
# Environment of every worker. Ray hides GPUs from tasks that reserve none; ours may use them.
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    **ONE_THREAD,
}


class Ray:
    """Executor on a running Ray cluster, or on one that is started on this machine.

    Args:
        config: address of the cluster, or number of workers of the one to start.
        datasets: data sets of both sides, by fingerprint; put into the object store once.

    Raises:
        UserError: there is no cluster at the address.
    """

    def __init__(self, config: ExecutionConfig, datasets: Datasets) -> None:
        self._connected_here = not ray.is_initialized()
        if self._connected_here:
            _connect(config)
        self._datasets = ray.put(datasets)
        self._weights: dict[str, Any] = {}
        self._compute = ray.remote(_compute).options(
            num_cpus=1, max_retries=0, runtime_env={"env_vars": ENVIRONMENT}
        )
        self._running: dict[Any, int] = {}

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        """Yield (position in `jobs`, result) as jobs finish.

        Raises:
            UserError: a job raised it, or was lost repeatedly.
            RuntimeError: a job raised another exception; its traceback is in the message.
        """
        waiting = list(range(len(jobs)))[::-1]
        attempts = [0] * len(jobs)
        while waiting or self._running:
            # Two tasks for each core keep all cores busy without filling the object store.
            most = max(2, 2 * int(ray.cluster_resources().get("CPU", 1)))
            while waiting and len(self._running) < most:
                number = waiting.pop()
                attempts[number] += 1
                self._running[self._submit(jobs[number])] = number
            ready, _ = ray.wait(list(self._running), timeout=10)
            for reference in ready:
                number = self._running.pop(reference)
                try:
                    yield number, outcome(ray.get(reference))
                except RayError as error:
                    if attempts[number] >= MAX_ATTEMPTS:
                        raise _gave_up(jobs[number], error) from error
                    waiting.append(number)

    def close(self) -> None:
        """Cancel running tasks; disconnect from the cluster, or stop it if it was started here."""
        for reference in self._running:
            ray.cancel(reference, force=True)
        self._running.clear()
        if self._connected_here:
            ray.shutdown()

    def _submit(self, job: Job) -> Any:
        weights = None
        if isinstance(job, UpdateJob):
            if job.base not in self._weights:
                self._weights[job.base] = ray.put(job.weights)
            weights = self._weights[job.base]
            job = replace(job, weights=())
        return self._compute.remote(self._datasets, weights, job)


def _connect(config: ExecutionConfig) -> None:
    here = {} if config.ray_address else {"num_cpus": config.workers, "include_dashboard": False}
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if not config.ray_address and " " in sys.executable:
        # Ray passes the path to a shell unquoted: no worker starts, and no error is reported.
        raise UserError(
            "a path of Python without spaces for --executor=ray",
            sys.executable,
            "Move the environment, or choose --executor=processes.",
        )
    try:
        _check_reachable(config.ray_address or "")
        ray.init(config.ray_address, log_to_driver=False, logging_level="ERROR", **here)
    except (OSError, OverflowError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:500]
        raise UserError(
            "--ray_address of a running Ray cluster", f"{config.ray_address} ({reason})"
        ) from error


def _check_reachable(address: str) -> None:
    """Raise `OSError` if nothing listens at the address: Ray itself retries for many minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=REACH).close()


@cache
def _prepare_once() -> None:
    prepare()


def _compute(datasets: Datasets, weights: Any, job: Job) -> Done | Failed:
    """Run a job in a worker of the cluster."""
    _prepare_once()
    if weights is not None and isinstance(job, UpdateJob):
        job = replace(job, weights=weights)
    return answer(job, datasets)


def _gave_up(job: Job, error: RayError) -> UserError:
    return UserError(
        "Ray workers that finish their jobs",
        f"{MAX_ATTEMPTS} failures ({type(error).__name__}) while {job.what}",
        "What is finished is kept: run again to go on.",
    )
