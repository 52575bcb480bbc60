"""Small shards, one corpus of a worker, and executors that tell what they were asked for."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import shared
from tests.corpus.settings import SHARD_UPDATES, built, contents
from ulk_tf.classifiers import keras_procedure
from ulk_tf.corpus import build, executors, gaps
from ulk_tf.corpus.jobs import Job, TrainingJob
from ulk_tf.corpus.locks import locked
from ulk_tf.corpus.processes import Processes


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


@pytest.fixture(autouse=True, scope="session")
def kept_graphs() -> Iterator[None]:
    """Keep what a process traces for all corpora, where it otherwise forgets the last but two."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("_engine", "_loop", "_model", "_single"):
            made = getattr(keras_procedure, name).__wrapped__
            patched.setattr(keras_procedure, name, lru_cache(maxsize=64)(made))
        yield


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many shards of few updates."""
    monkeypatch.setattr(gaps, "SHARD_UPDATES", SHARD_UPDATES)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the in-process executor computes."""
    asked = Asked()
    monkeypatch.setitem(executors.EXECUTORS, "inline", asked.executor)
    return asked


@dataclass(frozen=True)
class ByOneWorker:
    """A tiny corpus that one worker process has built, undisturbed.

    Attributes:
        folder: where it is; read only.
        corpus: what was built.
        contents: the sha256 of each file.
        temporary: names of the temporary files that the worker had when it was killed.
    """

    folder: Path
    corpus: build.Corpus
    contents: dict[str, str]
    temporary: list[str]


@pytest.fixture(scope="session")
def by_one_worker(tmp_path_factory: pytest.TempPathFactory) -> ByOneWorker:
    """Contents that builds which were killed must reach, byte by byte."""
    folder = tmp_path_factory.mktemp("by_one_worker")
    temporary: list[str] = []

    class Watched(Processes):
        def close(self) -> None:
            temporary.extend(path.name for path in scratch.iterdir())
            super().close()

    scratch = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(gaps, "SHARD_UPDATES", SHARD_UPDATES)
        patched.setenv("TMPDIR", str(scratch))
        patched.setitem(executors.EXECUTORS, "processes", Watched)
        corpus = built(folder, executor="processes", workers=1)
    return ByOneWorker(folder, corpus, contents(folder), temporary)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny corpus in it; read only."""
    folder = shared(tmp_path_factory, "tiny")
    # Processes that test side by side share it: the first builds it.
    with locked(folder, wait=True), pytest.MonkeyPatch.context() as patched:
        patched.setattr(gaps, "SHARD_UPDATES", SHARD_UPDATES)
        if not (folder / "digits").exists():
            built(folder)
    return folder


@pytest.fixture
def copy(home: Path, tmp_path: Path) -> Path:
    """A folder of one's own with that corpus in it."""
    return Path(shutil.copytree(home, tmp_path / "copy"))
