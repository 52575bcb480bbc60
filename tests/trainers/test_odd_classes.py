"""Classes that nobody has, and classes of one sample: every attack runs, and the report says so."""

import errno
import fcntl
import html
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.corpus.settings import digits
from ulk_tf import workflow
from ulk_tf.data.datasets import Dataset
from ulk_tf.evaluation.results import read_results
from ulk_tf.preflight import Loaded
from ulk_tf.settings import presets

TINY: dict[str, Any] = {
    "executor": "inline",
    "set_size": 3,
    "base_epochs": 3,
    "training_bases": 1,
    "training_updates": 24,
    "validation_updates": 6,
    "target_bases": 1,
    "target_updates": 4,
    "hidden": 16,
    "epochs": 1,
}
MORE: dict[str, dict[str, Any]] = {
    "lde": {},
    "msr": {
        "autoencoder_epochs": 1,
        "label_epochs": 1,
        "generator_width": 16,
        "cluster_samples": 30,
    },
}


@pytest.fixture(scope="module")
def odd() -> Dataset:
    """Twelve names of which ten are used, and one of those by a single sample."""
    plain = digits()
    labels = plain.labels.copy()
    labels[np.flatnonzero(labels == 9)[1:]] = 8
    return Dataset("odd", plain.samples, labels, tuple(map(str, range(12))))


@pytest.mark.slow
@pytest.mark.parametrize("attack", MORE)
def test_an_attack_on_odd_classes_runs_to_its_report(
    odd: Dataset,
    attack: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    places = {"runs_dir": str(tmp_path / "runs"), "export_dir": str(tmp_path / "exported")}
    experiment = presets.experiment(attack, **(TINY | MORE[attack] | places))
    lines: list[str] = []
    results = read_results(workflow.run(experiment, Loaded(odd), lines.append))
    assert any("class 10, 11, of the 12" in told for told in results["warnings"])
    assert any("file system without locks" in told for told in results["warnings"])
    assert not any("without locks" in told for told in results["doubts"])
    for group in ("metrics", "baselines", "gains"):
        for estimate in results[group].values():
            assert np.isfinite([estimate["mean"], estimate["low"], estimate["high"]]).all()
    report = (tmp_path / "runs").rglob("report.html").__next__().read_text()
    said = capsys.readouterr().err
    for told in results["warnings"]:
        assert f"note: {told}" in said and told in html.unescape(report)
