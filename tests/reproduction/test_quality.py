"""The table of results: the command that makes each, and figures beside their baselines."""

import dataclasses

import pytest

from reproduction import quality
from ulk_tf.files import write_json
from ulk_tf.settings import presets


def result(**flags: object) -> dict[str, object]:
    experiment = presets.experiment("lde", **flags)
    value = {"mean": 0.25, "low": 0.2, "high": 0.3, "n": 9}
    return {
        "attack": "lde",
        "dataset": experiment.data.dataset,
        "config": dataclasses.asdict(experiment),
        "timing": {"training_seconds": 90.0, "scoring_seconds": 30.0},
        "metrics": {"kl": value, "gain_over_prior": value},
        "baselines": {"kl:prior": value | {"mean": 0.5}, "most_frequent_accuracy:prior": value},
        "published": {"kl": {"value": 0.4, "source": "a paper"}},
    }


@pytest.mark.parametrize(
    ("flags", "typed"),
    [
        ({}, "--dataset=digits"),
        ({"dataset": "mnist", "workers": 2, "runs_dir": "x"}, "--dataset=mnist"),
        (
            {"dataset": "mnist", "label_skew": 0.5, "seed": 3},
            "--dataset=mnist --seed=3 --label_skew=0.5",
        ),
        ({"preset": "quick", "hidden": 64}, "--dataset=digits --preset=quick --hidden=64"),
    ],
)
def test_the_command_holds_what_the_preset_does_not(flags, typed) -> None:
    assert quality.command(result(**flags)) == f"python -m trainers.lde {typed}"


def test_results_are_kept_without_paths_and_told_with_baselines(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(quality, "KEPT", tmp_path / "kept")
    one = result(dataset="mnist", data_dir="/secret", label_skew=0.5, runs_dir="/secret")
    write_json(tmp_path / "results.json", one)
    quality.keep([tmp_path / "results.json"])
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.name == "lde_mnist_label_skew-0.5.json"
    assert "secret" not in kept.read_text(encoding="utf-8")
    table = quality.table()
    assert "### mnist, A_LDE, sets of 100, Dirichlet 0.5" in table
    assert "| **0.25** | 0.2 to 0.3 | class prior 0.5 | 0.4 (a paper) |" in table
    assert "25.0%" in table
