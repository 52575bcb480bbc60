"""A fifth attack is a row: it runs through everything without any other file being touched."""

import re
import shutil
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import ulk_tf
from tests.trainers import toy
from trainers import all as trainers_all
from ulk_tf import trainer, workflow
from ulk_tf.auditing.words import tell
from ulk_tf.commands import shared_command
from ulk_tf.errors import UserError
from ulk_tf.evaluation import baselines_table
from ulk_tf.evaluation.results import Results, read_results
from ulk_tf.evaluation.verdict import verdict
from ulk_tf.gating import gate
from ulk_tf.limits import Limit
from ulk_tf.serving import conformance
from ulk_tf.serving.loading import load_attack
from ulk_tf.settings import attack_table, cli, presets

FLAGS = {
    "preset": "quick",
    "base_epochs": 2,
    "training_bases": 1,
    "training_updates": 24,
    "validation_updates": 20,
    "target_bases": 2,
    "target_updates": 10,
    "executor": "inline",
}


@pytest.fixture(scope="module", autouse=True)
def registered(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        before = dict(attack_table.ATTACKS)
        attack_table.register(toy.ROW)
        baselines_table.register(toy.BASELINE)
        yield
        attack_table.ATTACKS.clear()
        attack_table.ATTACKS.update(before)
        del baselines_table.BASELINES[toy.BASELINE.name]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("toy")


def command_line(folder: Path) -> list[str]:
    given = FLAGS | {"runs_dir": folder / "r", "export_dir": folder / "e"}
    return [f"--{name}={value}" for name, value in given.items()]


@pytest.fixture(scope="module")
def out(folder: Path, registered: None) -> list[str]:
    """Standard output of the toy's trainer."""
    said = StringIO()
    with redirect_stdout(said), pytest.raises(SystemExit) as ended:
        trainer.main("toy", [*command_line(folder), "--sharpness=5"])
    assert ended.value.code == 0
    return said.getvalue().splitlines()


@pytest.fixture(scope="module")
def results(out: list[str]) -> Results:
    return read_results(Path(out[-1]))


def test_its_settings_are_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert presets.experiment("toy", sharpness=2).attack == toy.ToyConfig(2.0)
    with pytest.raises(SystemExit):
        trainer.main("toy", ["--help"])
    said = capsys.readouterr().out
    assert toy.ROW.summary in said and "--sharpness" in said
    with pytest.raises(UserError, match="sharpness"):
        presets.experiment("toy", sharpness=-1.0)


def test_its_results_have_a_gain_with_an_interval(results: Results) -> None:
    assert results["attack"] == "toy"
    assert results["config"]["attack"] == {"sharpness": 5.0}
    # Two questions about each of 20 updates.
    assert results["metrics"]["auc"]["n"] == 40
    own, other = results["metrics"]["auc"]["mean"], results["baselines"]["auc:chance"]["mean"]
    gain = results["gains"]["auc:chance"]
    assert gain["mean"] == pytest.approx(own - other)
    assert gain["low"] < gain["mean"] < gain["high"]


def test_its_report_begins_with_a_verdict(out: list[str], results: Results) -> None:
    assert out[0] == verdict(results).sentence
    assert toy.ROW.infers in out[0]
    page = (Path(out[-1]).parent / "report.html").read_text()
    assert out[0] in page and toy.ROW.title in page and "Chance" in page


def test_its_export_can_be_served_asked_and_read(folder: Path, results: Results) -> None:
    path = folder / "e" / "digits_toy" / "1"
    assert conformance.check(path) == []
    attack = load_attack(path)
    told = attack.metadata
    assert (told["output"], told["unit"]) == (toy.OUTPUT, "record")
    assert told["gains"] == results["gains"]
    tenths = told["seen"]["score_by_tenth"]
    assert tenths["metric"] == "auc" and len(tenths["edges"]) == 11 and len(tenths["values"]) == 10
    pair = np.full((2, 100, 10), 0.1, np.float32), np.full((2, 100, 10), 0.2, np.float32)
    answer = attack.run(*pair, candidate=np.zeros((2, 64), np.float32))
    assert answer[toy.OUTPUT].shape == (2,)
    with pytest.raises(UserError, match="no candidate"):
        attack.run(*pair)
    assert toy.ROW.title in (path / "assets.extra" / "README.md").read_text()


def test_an_audit_states_its_numbers(folder: Path, results: Results, tmp_path: Path) -> None:
    attack = load_attack(folder / "e" / "digits_toy")
    finding = SimpleNamespace(attack=attack, outputs={toy.OUTPUT: np.array([0.25, 0.5])})
    told = tell(finding)
    assert "toy" in told.sentence and "0.25, 0.5" in told.sentence
    assert told.measured["gains"] == results["gains"]
    assert "AUC" in told.caution
    told.draw(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 1000


def test_it_is_among_all(folder: Path, out: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[Any] = []
    with pytest.raises(SystemExit) as ended:
        shared = shared_command(lambda *given: seen.extend(given), trainers_all.SUMMARY)
        cli.run(shared, command_line(folder))
    assert ended.value.code == 0
    experiments, loaded = seen
    assert [one.attack_name for one in experiments] == list(attack_table.ATTACKS)
    trainers_all.run([one for one in experiments if one.attack_name == "toy"], loaded)
    said = capsys.readouterr()
    line = next(line for line in said.out.splitlines() if line.startswith("toy "))
    assert line.split()[1] == "auc" and "chance 0." in line
    # The corpus of the first run is found again.
    assert re.search(r"found on disk: 4 of 4 base models and .* updates", said.err)


def test_a_run_that_ends_before_its_held_out_updates_proves_nothing(
    folder: Path, out: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder / "r", tmp_path / "r")
    given = FLAGS | {"runs_dir": tmp_path / "r", "export_dir": tmp_path / "e"}

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(workflow, "seen", interrupted)
    with pytest.raises(SystemExit) as ended:
        trainer.main("toy", [f"--{name}={value}" for name, value in given.items()])
    assert ended.value.code == 130
    written = (tmp_path / "r").rglob("toy/*/results.json")
    left = ulk_tf.Result.load(max(written, key=lambda path: path.stat().st_mtime))
    assert workflow.UNFINISHED in left.results["doubts"]
    (check,) = gate(left, [Limit("auc", "chance", 1.0)])
    assert check.state == "undecided" and "the same command goes on" in check.sentence
