"""The example from start to end, as a newcomer runs it: in a fresh folder, without a network."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "audit_served_digits.py"


def run(folder, *flags):
    command = [sys.executable, str(EXAMPLE), *flags]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_example_infers_what_the_served_model_was_updated_with(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    home = tmp_path / "runs" / "example"
    truth = json.loads((home / "served" / "truth.json").read_text())
    told = {
        after: json.loads((home / f"audit_1_to_{after}" / "audit.json").read_text())
        for after in (2, 3)
    }
    for after, audit in told.items():
        assert audit["before"]["versions"] == ["1"]
        assert audit["after"]["versions"] == [str(after)]
        assert audit["before"]["queries"] == audit["after"]["queries"] == 100
        assert (home / f"audit_1_to_{after}" / "audit.html").stat().st_size > 10_000
    label = told[2]["attacks"][0]["result"]["label"]
    assert truth["version 2"]["labels"] == [label]
    assert told[3]["attacks"][0]["result"]["shape"] == [truth["version 3"]["samples"], 8, 8, 1]
    assert "docker run" in done.stdout
    assert f"version 2: 1 of class {label}" in done.stdout

    # Once more: nothing is trained or exported again, and a URL replaces the stand-in.
    kept = {p: p.stat().st_mtime_ns for p in home.rglob("saved_model.pb")}
    url = "--url=http://127.0.0.1:9/v1/models/digits"
    refused = run(tmp_path, url)
    assert refused.returncode == 2
    assert "Is it running" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "trainers" not in refused.stdout
    assert {p: p.stat().st_mtime_ns for p in home.rglob("saved_model.pb")} == kept


def test_a_misspelt_flag_of_the_example_is_answered_at_once(tmp_path):
    done = run(tmp_path, "--attack=li")
    assert done.returncode == 2
    assert "Did you mean --attacks?" in done.stderr
    assert list(tmp_path.iterdir()) == []
