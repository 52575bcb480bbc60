"""The owner's story, as she would run it: a PyTorch model, an insider's attack, a gate."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "gate_an_update.py"


@pytest.mark.slow
def test_the_gate_stops_an_update_that_gives_away_its_label(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    few = ["--simulated=600", "--tested=100", f"--folder={tmp_path / 'gate'}"]
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), *few],
        check=False,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 3, done.stderr
    assert "she has this very base model" in done.stdout
    told = (tmp_path / "gate" / "gate.md").read_text()
    assert "| li accuracy over most_frequent_label | ❌ broken |" in told
    assert done.stdout.splitlines()[-1] == str(tmp_path / "gate" / "gate.md")
