"""Workers of one machine: the same bytes whoever computes, and whoever of them is killed."""

import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.corpus import building
from tests.corpus.conftest import ByOneWorker
from tests.corpus.odd_jobs import Odd
from tests.corpus.settings import DATASETS, built, contents
from ulk_tf.corpus import executors, processes
from ulk_tf.corpus.processes import Processes
from ulk_tf.errors import UserError
from ulk_tf.settings.config import ExecutionConfig


@pytest.fixture(scope="module")
def crew() -> Iterator[Processes]:
    """Two workers."""
    crew = Processes(ExecutionConfig(workers=2), DATASETS)
    yield crew
    crew.close()


class Harassed(Processes):
    """Kills its workers: one before it can do anything, then others whenever a job is done."""

    deaths = 0

    def run(self, jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        rng = random.Random(len(jobs))
        for number, result in super().run(jobs):
            if Harassed.deaths < 3 and self._workers:
                Harassed.deaths += 1
                rng.choice(self._workers).process.kill()
            yield number, result

    def _idle(self, most: int) -> Any:
        worker = super()._idle(most)
        if worker and not Harassed.deaths:
            Harassed.deaths += 1
            worker.process.kill()
        return worker


@pytest.mark.slow
def test_the_same_bytes_from_killed_workers(
    by_one_worker: ByOneWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(executors.EXECUTORS, "processes", Harassed)
    built(tmp_path, executor="processes", workers=2, chunk_size=7)
    assert Harassed.deaths == 3
    assert contents(tmp_path) == by_one_worker.contents


@pytest.mark.slow
def test_the_same_bytes_from_a_single_thread_in_process(
    by_one_worker: ByOneWorker, tmp_path: Path
) -> None:
    process = building.start(tmp_path, executor="inline", chunk_size=11)
    told, _ = process.communicate(timeout=200)
    assert process.returncode == 0, told
    assert contents(tmp_path) == by_one_worker.contents


@pytest.mark.slow
def test_more_threads_change_the_last_digits_only(
    by_one_worker: ByOneWorker, tmp_path: Path
) -> None:
    bases = Path("digits") / "bases"
    shutil.copytree(by_one_worker.folder / bases, tmp_path / bases)
    one, other = by_one_worker.corpus, built(tmp_path)
    for side in one.updates:
        np.testing.assert_allclose(one.updates[side].after, other.updates[side].after, atol=1e-6)


def test_a_worker_has_no_temporary_files(by_one_worker: ByOneWorker) -> None:
    # AutoGraph's would stay: a process removes them when it ends by itself, and workers are killed.
    assert not by_one_worker.temporary


def test_every_job_once_in_as_many_processes_as_wanted(crew: Processes) -> None:
    finished = dict(crew.run([Odd(number, "waits") for number in range(12)]))
    assert sorted(finished) == list(range(12))
    for number, (told, samples, _) in finished.items():
        assert told == number and samples == 1797
    used = {process for _, _, process in finished.values()}
    assert len(used) == 2
    # Workers are kept, and no more are started than there are jobs.
    again = dict(crew.run([Odd(0)]))
    assert {process for _, _, process in again.values()} <= used


def test_a_job_that_is_lost_is_tried_again(crew: Processes, tmp_path: Path) -> None:
    jobs = [Odd(0), Odd(1, "dies once", tmp_path / "died"), Odd(2)]
    assert {number: result[0] for number, result in crew.run(jobs)} == {0: 0, 1: 1, 2: 2}
    assert (tmp_path / "died").exists()


def test_errors_of_jobs_come_from_workers(crew: Processes) -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError: an odd error"):
        list(crew.run([Odd(0, "raises")]))
    with pytest.raises(UserError) as refused:
        list(crew.run([Odd(3, "refuses")]))
    told = (refused.value.expected, refused.value.received, refused.value.remedy)
    assert told == ("something even", "3", "Add one.")


@pytest.mark.slow
def test_a_job_that_kills_every_worker(crew: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "MAX_ATTEMPTS", 2)
    told = r"died 2 times \(signal SIGKILL\) while doing odd job 7.*lower --workers"
    with pytest.raises(UserError, match=told):
        list(crew.run([Odd(7, "dies")]))


def test_one_worker_for_each_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "cores", lambda: 3)
    started: list[object] = []

    def start() -> None:
        started.append(None)
        raise InterruptedError

    monkeypatch.setattr(processes, "start_worker", start)
    workers = Processes(ExecutionConfig(), DATASETS)
    assert workers.most == 3 and not started
    with pytest.raises(InterruptedError):
        list(workers.run([Odd(1)]))
