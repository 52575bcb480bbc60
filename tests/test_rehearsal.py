"""Whatever would fail at the end of a run is said before a base model is trained."""

import dataclasses
import importlib
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.corpus.settings import digits
from tests.trainers import toy
from ulk_tf import rehearsal, workflow
from ulk_tf.attacks.signature import Trained, TrainedAttack, pair_specs
from ulk_tf.corpus import build
from ulk_tf.data.datasets import Dataset
from ulk_tf.errors import UserError
from ulk_tf.preflight import Loaded, preflight
from ulk_tf.settings import attack_table, presets
from ulk_tf.settings.experiment import Experiment


class TrainingError(Exception):
    """Raised where base models would be trained."""


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """No base model and no attack is trained here."""

    def refuse(*_: object, **__: object) -> None:
        raise TrainingError

    monkeypatch.setattr(build, "train_missing", refuse)
    monkeypatch.setattr(keras.Model, "fit", refuse)


def settings(folder: Path, attack: str = "li", **flags: object) -> Experiment:
    places = {"runs_dir": str(folder / "runs"), "export_dir": str(folder / "exported")}
    return presets.experiment(attack, executor="inline", **places, **flags)


def refused(experiment: Experiment) -> str:
    with pytest.raises(UserError) as caught:
        workflow.run(experiment, Loaded(digits()))
    assert not list(Path(experiment.folders.runs_dir).rglob("*.npz"))
    sentence = str(caught.value)
    assert "\n" not in sentence and "Nothing has been trained yet." in sentence
    return sentence


def test_a_rehearsal_shows_no_bars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TrainingError):
        workflow.run(settings(tmp_path, defence="round:3"), Loaded(digits()))
    assert list((tmp_path / "runs" / "rehearsed").iterdir())
    assert "%|" not in capsys.readouterr().err


def calls_python(config: object, corpus: Any, seed: int, folder: Path) -> Trained:
    def answer(before: tf.Tensor, after: tf.Tensor) -> dict[str, tf.Tensor]:
        moved = tf.numpy_function(np.subtract, [after, before], tf.float32)
        return {toy.OUTPUT: tf.reduce_sum(tf.reshape(moved, tf.shape(after)), [1, 2])}

    return Trained(
        TrainedAttack.of("odd", answer, pair_specs(*corpus.probing_set.shape[:1], 10)), {}
    )


def cannot_be_built(config: object, corpus: Any, seed: int, folder: Path) -> Trained:
    raise ValueError("no such layer\nanywhere")


@pytest.mark.parametrize(
    ("train", "words"),
    [(calls_python, "no Python: PyFunc calls Python"), (cannot_be_built, "no such layer anywhere")],
)
def test_an_attack_that_cannot_be_exported(
    train: Any, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = dataclasses.replace(toy.ROW, name="odd", train=f"{__name__}:{train.__name__}")
    monkeypatch.setitem(attack_table.ATTACKS, "odd", row)
    sentence = refused(settings(tmp_path, "odd"))
    assert words in sentence
    assert "/tmp" not in sentence


def test_pictures_that_cannot_be_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no font found")

    monkeypatch.setattr("ulk_tf.evaluation.charts.curves", broken)
    assert "no font found" in refused(settings(tmp_path))


def test_a_matplotlib_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "ulk_tf.evaluation.plotting"
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UserError, match="pip install --force-reinstall matplotlib"):
        importlib.import_module(name)


@pytest.mark.parametrize("name", ["exported", "runs"])
def test_a_folder_that_can_no_longer_be_written_to(name: str, tmp_path: Path) -> None:
    experiment = settings(tmp_path)
    loaded = preflight(experiment, dataset=digits())
    (tmp_path / name).write_text("a file took its place")
    with pytest.raises(UserError, match=r"that can be written to"):
        workflow.run(experiment, loaded)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_defence_that_does_not_fit_the_classes(tmp_path: Path) -> None:
    sentence = refused(settings(tmp_path, defence="top_k:50"))
    assert "50" in sentence and "10 classes" in sentence


def test_a_class_that_nobody_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = digits()
    names = ("none", *plain.class_names)
    data = Dataset("shifted", plain.samples, plain.labels + 1, names)
    with pytest.raises(TrainingError):
        build.build_corpus(settings(tmp_path), data)
    assert "no sample is of class none, of the 11 classes" in capsys.readouterr().err


def test_a_rehearsal_leaves_no_trace_and_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    experiment, loaded = settings(tmp_path, "ssr"), Loaded(digits())
    keras.utils.set_random_seed(5)
    wanted = np.random.random(), float(tf.random.uniform(()))
    keras.utils.set_random_seed(5)
    before = [keras.layers.Dense(2).name for _ in range(2)]
    rehearsal.rehearse(experiment, loaded)
    assert (np.random.random(), float(tf.random.uniform(()))) == wanted
    numbers = [int(name.rpartition("_")[2]) for name in (before[1], keras.layers.Dense(2).name)]
    assert numbers[1] == numbers[0] + 1
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    assert [path.stat().st_size for path in (tmp_path / "runs" / "rehearsed").iterdir()] == [0]
    monkeypatch.setattr(rehearsal, "export_attack", None)
    rehearsal.rehearse(experiment, loaded)  # it passed before
    rehearsal.rehearse(settings(tmp_path, "ssr", epochs=3), loaded)
    with pytest.raises(UserError):
        rehearsal.rehearse(settings(tmp_path, "ssr", feature_map="pair"), loaded)
