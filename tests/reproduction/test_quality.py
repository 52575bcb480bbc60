"""The table of results: the command that makes each, and figures beside their baselines."""

import dataclasses

import pytest

from reproduction import quality
from reproduction.headlines import headlines
from ulk_tf.evaluation.metrics_table import METRICS
from ulk_tf.evaluation.results import KEYS, SCHEMA_VERSION, read_results
from ulk_tf.files import write_json
from ulk_tf.settings import presets


def result(**flags: object) -> dict[str, object]:
    experiment = presets.experiment("lde", **flags)
    value = {"mean": 0.25, "low": 0.2, "high": 0.3, "n": 9}
    empty: dict[str, object] = {key: kind() for key, kind in KEYS.items()}
    return empty | {
        "schema_version": SCHEMA_VERSION,
        "attack": "lde",
        "dataset": experiment.owner.data.dataset,
        "config": dataclasses.asdict(experiment),
        "timing": {"training": {"seconds": 90.0}, "scoring": {"seconds": 30.0}},
        "metrics": {"kl": value},
        "gains": {"kl:prior": value},
        "baselines": {"kl:prior": value | {"mean": 0.5}, "most_frequent_accuracy:prior": value},
        "published": {"kl": {"value": 0.4, "source": "a paper"}},
    }


@pytest.mark.parametrize(
    ("flags", "typed"),
    [
        ({}, "--dataset=digits"),
        ({"dataset": "mnist", "workers": 2, "runs_dir": "x"}, "--dataset=mnist"),
        ({"shadow_target": "mlp"}, "--dataset=digits --shadow_target=mlp"),
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


def test_a_headline_stands_beside_the_best_guess_alone() -> None:
    value = {"mean": 0.25, "low": 0.2, "high": 0.3, "n": 9}
    one = result(dataset="mnist", label_skew=0.5)
    one["baselines"] = {
        "kl:prior": value | {"mean": 0.5},
        "kl:uniform": value | {"mean": 0.6},
        "kl:shuffled": value | {"mean": 0.7},
        "mae:uniform": value | {"mean": 0.1},
    }
    other = result(dataset="mnist", preset="quick")
    (line,) = headlines([one, other]).splitlines()[2:]
    assert line.startswith("| A_LDE: KL divergence | mnist, sets of 100, skewed | **0.25** [0.2, ")
    assert line.endswith("0.3] | 0.5 | 0.7 | 0.4 |")
    # Bold is what beats both the best guess and another update's answers.
    for name in ("kl:prior", "kl:shuffled"):
        lost = one | {"baselines": one["baselines"] | {name: value | {"mean": 0.24}}}
        assert "| 0.25 [0.2, " in headlines([lost])


def test_the_page_shows_what_is_recorded(tmp_path) -> None:
    again = tmp_path / "RESULTS.md"
    again.write_bytes(quality.PAGE.read_bytes())
    quality.write_page(again)
    assert again.read_bytes() == quality.PAGE.read_bytes()


RECORDS = sorted(quality.KEPT.glob("*.json"))


def completed(config: dict, again: dict) -> dict:
    """A record's config with the fields that it lacks."""
    return again | {
        name: completed(value, again[name]) if isinstance(again.get(name), dict) else value
        for name, value in config.items()
    }


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_committed_record_gives_its_experiment_back(path) -> None:
    record = read_results(path)
    flags = presets.flags_of(record["config"])
    again = dataclasses.asdict(presets.experiment(record["attack"], **flags))
    # Folders change no figure, and a field that is newer than the record has its default.
    known = completed(record["config"], again)
    assert again | {"folders": {}} == known | {"folders": {}}
    assert quality.name_of(record) == path.name
    assert set(record["gains"]) <= set(record["baselines"])
    assert not [name for name in record["metrics"] if name.startswith("gain_over_")]
    for name, gain in record["gains"].items():
        metric = name.partition(":")[0]
        own, other = record["metrics"][metric]["mean"], record["baselines"][name]["mean"]
        less = METRICS[metric].less_is_better
        assert gain["mean"] == pytest.approx(1 - own / other if less else own - other)


def test_the_page_shows_the_committed_records() -> None:
    assert RECORDS
    assert quality.table() in quality.PAGE.read_text(encoding="utf-8")
