"""Whatever a user must see stands on standard error, in the JSON and in the report alike."""

import ast
import html
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests import standins
from tests.blackbox import misbehaving as bad
from tests.exports import label_export
from tests.standins import run
from ulk_tf.blackbox.recording import Recording
from ulk_tf.files import digest
from ulk_tf.progress import notes, say
from ulk_tf.serving.loading import load_attack

__all__ = ["label_export"]
PACKAGE = Path(__file__).parents[1] / "ulk_tf"
# Lines on standard error that are no warnings: errors, which end the command, and times.
PRINTED = {"settings/cli.py": 1, "workflow.py": 1, "progress.py": 2, "estimating/estimate.py": 1}
EXACT = np.random.default_rng(0).dirichlet(np.ones(standins.CLASSES), standins.PROBES)


def test_there_is_one_way_to_warn() -> None:
    found: dict[str, int] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            warns = isinstance(node, ast.Attribute) and ast.unparse(node) == "warnings.warn"
            prints = isinstance(node, ast.keyword) and ast.unparse(node) == "file=sys.stderr"
            if warns or prints:
                name = path.relative_to(PACKAGE).as_posix()
                found[name] = found.get(name, 0) + 1
    assert found == PRINTED


def test_notes_are_collected_by_the_command_at_work(capsys: pytest.CaptureFixture[str]) -> None:
    say("nobody collects")
    with notes() as outer:
        say("before")
        with notes() as first:
            say("of the first")
            say("before")
        with notes() as second:
            say("of the second")
    assert outer == ["before"]
    assert first == ["before", "of the first"]
    assert second == ["before", "of the second"]
    said = capsys.readouterr().err.splitlines()
    wanted = ["nobody collects", "before", "of the first", "of the second"]
    assert said == [f"note: {one}" for one in wanted]


def _recorded(folder: Path, name: str, answers: Any = EXACT, **told: Any) -> str:
    known = {"target": "t", "probing_set": digest(standins.PROBING_SET), "versions": (name,)}
    Recording(answers, **(known | told)).save(folder / f"{name}.npz")
    return str(folder / f"{name}.npz")


def _saved_model(folder: Path) -> str:
    source = keras.Input((4, 4, 1))
    layer = keras.layers.Dense(standins.CLASSES, "softmax")
    model = keras.Model(source, layer(keras.layers.Flatten()(source)))
    model.export(folder / "model", verbose=False)
    return str(folder / "model")


# What may be said of a target, by what must stand in the sentence.
SPOKEN: dict[str, Callable[[Path], str]] = {
    "A SavedModel is a program": _saved_model,
    "the version that answered is not known": lambda folder: _recorded(folder, "v", versions=()),
    "to which probing set": lambda folder: _recorded(folder, "v", probing_set=""),
    "rounds its answers to 2 decimals": lambda folder: _recorded(folder, "v", EXACT.round(2)),
    "adds noise": lambda folder: _recorded(
        folder, "v", EXACT + np.random.default_rng(1).normal(0, 0.02, EXACT.shape)
    ),
    "answers logits": lambda folder: _recorded(folder, "v", np.log(EXACT)),
    "in percent": lambda folder: _recorded(folder, "v", 100 * EXACT),
    "saturated": lambda folder: _recorded(folder, "v", np.eye(3)[[0, 1, 2, 0, 1, 2]] + 1e-9),
    "unencrypted": lambda folder: "remote",
}


@pytest.mark.parametrize("words", SPOKEN)
def test_of_a_target(
    words: str,
    label_export: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, out = _recorded(tmp_path, "first", EXACT[::-1]), tmp_path / "out"
    attack = f"--attack={label_export}"
    if words == "unencrypted":
        monkeypatch.setenv("ULK_TF_TOKEN", "secret")
        monkeypatch.setattr("ulk_tf.blackbox.transport.is_local", lambda host: False)
        with bad.Server(lambda server, samples: EXACT.tolist()) as server:
            assert run("audit", first, server.url, attack, f"--out={out}") == 0
    else:
        target = SPOKEN[words](tmp_path)
        assert run("audit", first, target, attack, f"--out={out}") == 0
    _stands_everywhere(words, out, capsys.readouterr().err)


def test_of_a_stranger_s_attack(
    label_export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copied = shutil.copytree(label_export, tmp_path / "toy_li" / "1")
    (copied / "assets.extra" / "seal").unlink()
    pair = _recorded(tmp_path, "first", EXACT[::-1]), _recorded(tmp_path, "second")
    assert run("audit", *pair, f"--attack={copied}", f"--out={tmp_path / 'out'}") == 0
    _stands_everywhere("A SavedModel is a program", tmp_path / "out", capsys.readouterr().err)
    assert "A SavedModel is a program" in load_attack(copied).notes[0]


def test_what_was_said_when_a_target_was_recorded(
    label_export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers, first = tmp_path / "recorded.npz", _recorded(tmp_path, "first", EXACT[::-1])
    attack = f"--attack={label_export}"
    assert run("probe", _saved_model(tmp_path), attack, f"--out={answers}") == 0
    assert capsys.readouterr().err.count("A SavedModel is a program") == 1
    assert run("audit", first, answers, attack, f"--out={tmp_path / 'out'}") == 0
    _stands_everywhere("A SavedModel is a program", tmp_path / "out", capsys.readouterr().err)


def _stands_everywhere(words: str, out: Path, error: str) -> None:
    said = [line[6:] for line in error.splitlines() if line.startswith("note: ")]
    told = json.loads((out / "audit.json").read_text())["warnings"]
    page = html.unescape((out / "audit.html").read_text())
    assert any(words in warning for warning in told)
    assert len(told) == len({*told})
    for warning in told:
        assert warning in said
        assert warning in page
    for sentence in said:  # and nothing is said that no file holds
        assert any(sentence in warning for warning in told)
