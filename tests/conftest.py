"""Quiet, repeatable TensorFlow for every test."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Processes that test side by side would wait for each other's threads.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.side_by_side import pytest_collection_modifyitems, pytest_xdist_make_scheduler
from ulk_tf.settings import presets

if TYPE_CHECKING:
    from ulk_tf.corpus.build import Corpus

# How long a machine takes is no property; a landing does not depend on what is drawn that day.
steady = hypothesis.settings(deadline=None, max_examples=50, derandomize="CI" in os.environ)
hypothesis.settings.register_profile("steady", steady)
hypothesis.settings.register_profile("thorough", steady, max_examples=300)
hypothesis.settings.load_profile("steady")

__all__ = [
    "pytest_collection_modifyitems",
    "pytest_xdist_make_scheduler",
]


def pytest_collection_finish() -> None:
    """Spare the garbage collector TensorFlow's modules, which it would go through over and over."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


SMALL = {
    "base_epochs": 8,
    "training_bases": 2,
    "target_bases": 2,
    "training_updates": 400,
    "validation_updates": 60,
    "target_updates": 40,
    "executor": "inline",
}


@pytest.fixture(autouse=True, scope="session")
def own_key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A seal key of the tests' own, by which exports are known as this user's."""
    state = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(state))
        yield state


def small_corpus(attack: str, folder: Path, **flags: object) -> "Corpus":
    """A corpus of digits that takes seconds."""
    # The process that hands out the tests reads this file as well, and needs no TensorFlow.
    from ulk_tf.corpus.build import build_corpus
    from ulk_tf.corpus.locks import locked
    from ulk_tf.data.datasets import load

    experiment = presets.experiment(attack, runs_dir=str(folder), **(SMALL | flags))
    # Processes that test side by side share it: the first builds, the others read.
    with locked(Path(folder), wait=True):
        return build_corpus(experiment, load("digits", None, folder))


def shared(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder that is the same one for all processes that test side by side."""
    base = factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name


@pytest.fixture(scope="session")
def single_corpus(tmp_path_factory: pytest.TempPathFactory) -> "Corpus":
    """Digits, updates of one sample."""
    return small_corpus("li", shared(tmp_path_factory, "single"))


@pytest.fixture(scope="session")
def set_corpus(tmp_path_factory: pytest.TempPathFactory) -> "Corpus":
    """Digits, skewed updating sets of ten."""
    return small_corpus("msr", shared(tmp_path_factory, "sets"), set_size=10, label_skew=0.5)
