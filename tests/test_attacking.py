"""Attacking: one attack a corpus; a run of several targets whose answers were extracted."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.settings import digits, tiny
from ulk_tf.attacking import homes
from ulk_tf.errors import UserError
from ulk_tf.preflight import Loaded
from ulk_tf.result import Result
from ulk_tf.workflow import run

FLAGS: dict[str, Any] = {"extraction_queries": 100, "target_bases": 2, "epochs": 1}


def test_one_attack_has_the_run_s_own_folder() -> None:
    assert homes(Path("run"), 1) == [Path("run")]
    assert homes(Path("run"), 2) == [Path("run/target-000"), Path("run/target-001")]


@pytest.mark.slow
def test_a_run_of_several_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    told: list[str] = []
    flags = FLAGS | {"export_dir": str(tmp_path / "e"), "ensemble": 1}
    path = run(tiny(tmp_path / "r", **flags), Loaded(digits()), told.append)
    results = json.loads(path.read_text())
    # Scores are of the updates of both targets.
    assert results["metrics"]["kl"]["n"] == 40
    assert results["knowledge"]["sentences"][0].startswith("The adversary asked each of 2 targets")
    names = set(results["environment"]["base_models"])
    assert {"target-000", "target-001", "shadow-001 of target-001"} <= names and len(names) == 8
    # Each has an attack of its own, so none is exported.
    assert results["export"] == "" and not (tmp_path / "e").exists()
    assert any("--target_bases=1 exports one" in line for line in told)
    assert results["timing"].keys().isdisjoint({"export"})
    assert results["held_out"]["score_by_tenth"]["metric"] == "kl"
    with pytest.raises(UserError, match="a result with an export"):
        Result.load(path).attack()
    # No state of a training is left.
    assert not list(path.parent.rglob("*.npz"))
