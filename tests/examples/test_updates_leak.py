"""The paper in one file: it names labels of updates that it never saw, without the package."""

import ast
import logging
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "updates_leak.py"


def shares(printed: str) -> dict[str, float]:
    """The figures of the last lines: who answered, and the share of labels that were right."""
    found = re.findall(r"^  (\S.*?) +(\d\.\d{3})$", printed, re.MULTILINE)
    return {name: float(share) for name, share in found}


@pytest.mark.slow
def test_one_shadow_classifier_tells_the_labels_and_not_from_another_update(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The file silences TensorFlow for its own process, this one goes on with other tests.
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    monkeypatch.setattr(logging.getLogger("tensorflow"), "level", logging.ERROR)
    main = runpy.run_path(str(EXAMPLE))["main"]
    main(bases=1, targets=1, updates=150)
    printed = capsys.readouterr().out
    attack, shuffled, frequent, untrained = shares(printed).values()
    assert "150 updates" in printed
    assert attack >= 0.9
    # Some two in ten labels are equal by chance where the shuffled update is of the same class.
    assert max(shuffled, frequent) <= 0.25
    assert untrained > 0.5


@pytest.mark.slow
def test_as_a_newcomer_runs_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLE], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    figures = shares(done.stdout)
    assert list(figures) == [
        "the attack",
        "the attack, shown another update",
        "most frequent label, always",
        "class that rose most, no training",
    ]
    attack, shuffled, frequent, untrained = figures.values()
    assert attack >= 0.9
    assert attack > untrained
    assert max(shuffled, frequent) <= 0.15
    assert "Traceback" not in done.stderr and "retracing" not in done.stderr
    assert not any(tmp_path.iterdir())


def test_it_explains_the_paper_without_the_package() -> None:
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(EXAMPLE.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert imported == {"argparse", "os", "keras", "numpy", "tensorflow", "sklearn"}
