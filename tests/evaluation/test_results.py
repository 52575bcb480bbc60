"""results.json: written as its schema says, older ones upgraded, anything else refused."""

import dataclasses
import json

import pytest

from ulk_tf.errors import UserError
from ulk_tf.evaluation.results import KEYS, LATER, SCHEMA_VERSION, read_results, write_results
from ulk_tf.evaluation.schema_one import config_of, split_gains, upgraded_export
from ulk_tf.settings import presets

VALUE = {"mean": 0.25, "low": 0.2, "high": 0.3, "n": 9}
# As the version before wrote it, on vectors of a user's own.
OLD_CONFIG = {
    "attack_name": "msr",
    "preset": "quick",
    "seed": 4,
    "data": {
        "dataset": "own.npz",
        "data_dir": None,
        "n_probes": 100,
        "target_size": 300,
        "validation_size": 50,
        "shadow_size": 400,
        "base_size": 100,
    },
    "target": {"target": "mlp", "base_epochs": 3, "shadow_bases": 2, "target_bases": 4},
    "update": {"set_size": 10, "label_skew": 0.5, "update_learning_rate": 0.02},
    "corpus": {"shadow_updates": 30, "validation_updates": 20, "workers": 1},
    "attack": {"noise": 7, "code": 8, "generated": 9, "clustered": 500},
    "output": {"runs_dir": "r", "export_dir": "e"},
}


def new() -> dict[str, object]:
    results: dict[str, object] = {key: kind() for key, kind in KEYS.items()}
    return results | {"attack": "lde", "metrics": {"kl": VALUE}, "gains": {"kl:prior": VALUE}}


def old() -> dict[str, object]:
    return {
        "schema_version": 1,
        "attack": "msr",
        "dataset": "own",
        "config": OLD_CONFIG,
        "environment": {"numpy": "2"},
        "timing": {"corpus_seconds": 1.5},
        "metrics": {
            "matched_mse_centroids": VALUE,
            "gain_over_shuffled": VALUE | {"n": 1},
            "matched_mse_samples": VALUE,
            "gain_over_shuffled_samples": VALUE | {"n": 2},
        },
        "baselines": {"matched_mse_centroids:shuffled": VALUE},
        "published": {},
    }


def test_what_is_written_is_read(tmp_path) -> None:
    write_results(tmp_path / "results.json", new() | {"beside": "left out"})
    found = read_results(tmp_path / "results.json")
    assert found == {"schema_version": SCHEMA_VERSION} | LATER | new()


def test_gains_of_schema_1_are_no_metrics_any_more(tmp_path) -> None:
    (tmp_path / "results.json").write_text(json.dumps(old()))
    found = read_results(tmp_path / "results.json")
    assert set(found) == {"schema_version", *KEYS, *LATER}
    assert list(found["metrics"]) == ["matched_mse_centroids", "matched_mse_samples"]
    assert {name: gain["n"] for name, gain in found["gains"].items()} == {
        "matched_mse_centroids:shuffled": 1,
        "matched_mse_samples:shuffled": 2,
    }
    assert found["timing"] == {"corpus": {"seconds": 1.5}}
    assert found["baselines"] == old()["baselines"]
    assert split_gains("lde", {"kl": VALUE, "gain_over_prior": VALUE})[1] == {"kl:prior": VALUE}


def test_settings_of_schema_1_find_their_place() -> None:
    found = config_of(OLD_CONFIG)
    owner, adversary = found["owner"], found["adversary"]
    assert owner["data"]["samples"] == 300 and adversary["data"]["samples"] == 400
    for party in (owner, adversary):
        assert party["data"]["label_skew"] == 0.5 and party["data"]["base_size"] == 100
        assert party["model"]["target"] == "mlp" and party["training"]["base_epochs"] == 3
        assert party["update"]["set_size"] == 10
        assert party["update"]["update_learning_rate"] == 0.02
    # On small data of one's own 100 probes are not what none means.
    assert found["probing"]["n_probes"] == 100
    counts = found["counts"]
    assert counts["training_bases"] == 2 and counts["target_bases"] == 4
    assert counts["training_updates"] == 30 and counts["validation_samples"] == 50
    assert found["execution"]["workers"] == 1 and found["folders"]["runs_dir"] == "r"
    attack = found["attack"]
    named = [attack[name] for name in ("noise_dim", "code_dim", "samples_per_set")]
    assert named == [7, 8, 9] and attack["cluster_samples"] == 500
    flags = presets.flags_of(found) | {"workers": 1, "runs_dir": "r", "export_dir": "e"}
    assert dataclasses.asdict(presets.experiment("msr", **flags)) == found


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "schema version 2 or 1. Received None"),
        ({"schema_version": 3}, "schema version 2 or 1. Received 3"),
        ({"schema_version": 2, "attack": "li"}, "without a readable dataset"),
        (new() | {"schema_version": 2, "gains": None}, "without a readable gains"),
        (old() | {"config": {}}, "schema 1 as ulk_tf wrote it"),
        (old() | {"metrics": None}, "schema 1 as ulk_tf wrote it"),
        (old() | {"config": OLD_CONFIG | {"data": {"unheard": 1}}}, "schema 1"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(tmp_path, content, message) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=message):
        read_results(path)


def test_an_export_of_schema_1_is_read_as_far_as_it_can_be() -> None:
    found = upgraded_export({"attack": "msr", "metrics": old()["metrics"], "config": OLD_CONFIG})
    assert (found["output"], found["unit"]) == ("samples", "update")
    assert "matched_mse_samples:shuffled" in found["gains"]
    assert found["config"]["adversary"]["update"]["set_size"] == 10
    bare = upgraded_export({"attack": "unheard", "config": {"set_size": 3}})
    assert bare["config"] == {"set_size": 3} and bare["gains"] == {}
