"""Small shards, and executors that tell what they were asked for."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.corpus.settings import SHARD_UPDATES
from ulk_tf.corpus import build, executors
from ulk_tf.corpus.jobs import Job, TrainingJob


class Asked:
    """How much an in-process executor was asked for since the last look."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []

    def look(self) -> tuple[int, int]:
        """Base models trained and updates computed; forgets both."""
        trained = sum(isinstance(job, TrainingJob) for job in self._jobs)
        jobs = [job for job in self._jobs if not isinstance(job, TrainingJob)]
        # The first update alone is computed to see whether a corpus is stale.
        updates = sum(len(job.seeds) for job in jobs if (job.first, len(job.seeds)) != (0, 1))
        self._jobs.clear()
        return trained, updates

    def executor(self, *arguments: Any) -> executors.Inline:
        """The in-process executor, remembering."""
        asked = self

        class Remembering(executors.Inline):
            def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
                for number, result in super().run(jobs):
                    asked._jobs.append(jobs[number])
                    yield number, result

        return Remembering(*arguments)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many shards of few updates."""
    monkeypatch.setattr(build, "SHARD_UPDATES", SHARD_UPDATES)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the in-process executor computes."""
    asked = Asked()
    monkeypatch.setitem(executors.EXECUTORS, "inline", asked.executor)
    return asked
