"""Reproducing recorded results: run what is recorded, once, and tell where figures differ."""

import dataclasses
from pathlib import Path

import pytest

from reproduction import quality, reproduce
from tests.trainers.commands import OF_ATTACK, TINY
from ulk_tf.errors import UserError
from ulk_tf.evaluation.results import KEYS, SCHEMA_VERSION
from ulk_tf.files import write_json
from ulk_tf.settings import presets
from ulk_tf.workflow import run_folder


def value(mean: float, low: float, high: float) -> dict[str, float]:
    return {"mean": mean, "low": low, "high": high, "n": 9}


def figures(mean: float) -> dict[str, object]:
    empty: dict[str, object] = {key: kind() for key, kind in KEYS.items()}
    return empty | {
        "schema_version": SCHEMA_VERSION,
        "attack": "li",
        "dataset": "digits",
        "timing": {"training": {"seconds": 120.0}},
        "metrics": {"accuracy": value(mean, mean - 0.1, mean + 0.1)},
        "baselines": {
            "accuracy:most_frequent_label": value(0.25, 0.2, 0.3),
            "accuracy:shuffled": value(0.4, 0.3, 0.5),
        },
        "published": {"accuracy": {"value": 0.96, "source": "a paper"}},
    }


@pytest.mark.parametrize(("mean", "agrees"), [(0.55, True), (0.61, False), (0.39, False)])
def test_figures_are_held_against_the_recorded_interval(mean: float, agrees: bool) -> None:
    rows, wrong = reproduce.compare("li_x", figures(0.5), figures(mean))
    assert wrong == ([] if agrees else ["li_x accuracy"])
    cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
    assert cells[:4] == ["li_x", "Accuracy", "0.96", f"{mean:.4g}"]
    # Shuffled is the attack itself; what beats it trivially is the most frequent label.
    assert cells[6:] == [
        "most frequent label 0.25",
        f"{mean / 0.25 - 1:+.1%}",
        "2",
        "yes" if agrees else "NO",
    ]
    assert len(cells) == reproduce.HEADER.splitlines()[0].count("|") - 1


def test_no_record_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "KEPT", tmp_path)
    with pytest.raises(UserError, match="only=nothing"):
        reproduce.run(only="nothing", runs_dir=str(tmp_path / "r"))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_record_is_run_again_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(quality, "KEPT", tmp_path / "kept")
    places = {"runs_dir": str(tmp_path / "r"), "export_dir": str(tmp_path / "e")}
    config = dataclasses.asdict(presets.experiment("li", **TINY, **OF_ATTACK["li"]))
    record = figures(0.5) | {"config": config}
    write_json(tmp_path / "kept" / "li.json", record)
    flags = presets.flags_of(config) | places
    path = run_folder(presets.experiment("li", **flags)) / "results.json"
    with pytest.raises(UserError, match="li accuracy"):
        reproduce.run(preset="quick", **places)
    made = path.stat().st_mtime_ns
    quality.keep([path])
    (tmp_path / "kept" / "li.json").unlink()
    capfd.readouterr()
    reproduce.run(preset="quick", **places)
    assert path.stat().st_mtime_ns == made
    out = capfd.readouterr().out
    assert "| yes |" in out and "| NO |" not in out
    assert (tmp_path / "r" / "reproduced-quick.md").read_text() in out
