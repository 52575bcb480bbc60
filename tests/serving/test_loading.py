"""Loading: own exports quietly, a stranger's announced, damage as one clear sentence."""

import json
import shutil

import numpy as np
import pytest

from tests import standins
from ulk_tf.errors import UserError
from ulk_tf.serving import seal, warmup
from ulk_tf.serving.loading import load_attack

BEFORE, AFTER = warmup.example_posteriors((2, standins.PROBES, standins.CLASSES), 1)


@pytest.fixture
def copied(label_export, tmp_path):
    return shutil.copytree(label_export, tmp_path / "1")


def test_an_own_export_loads_quietly_even_when_moved(copied, capsys):
    load_attack(copied)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("file", ["saved_model.pb", "assets.extra/ulk.json", "assets.extra/seal"])
def test_a_changed_export_is_announced_before_it_is_loaded(copied, capsys, file, monkeypatch):
    data = (copied / file).read_bytes()
    harmless = {  # an unknown field, a blank line, another digit
        "saved_model.pb": data + b"\xa2\x06\x00",
        "assets.extra/ulk.json": data + b"\n",
        "assets.extra/seal": data[::-1],
    }
    changed = harmless[file]
    (copied / file).write_bytes(changed)
    said_before_load = []

    def load(path):
        said_before_load.append(capsys.readouterr().err)
        raise ValueError("not loaded")

    monkeypatch.setattr("tensorflow.saved_model.load", load)
    with pytest.raises(UserError):
        load_attack(copied)
    assert "A SavedModel is a program" in said_before_load[0]


def test_an_export_of_another_user_is_announced(label_export, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "theirs"))
    load_attack(label_export)
    assert "not exported by you" in capsys.readouterr().err
    assert not seal.key_path().exists()


def test_an_export_without_a_place_for_a_key_still_works(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    path = standins.exported(tmp_path / "exported")
    load_attack(path)
    assert "not exported by you" in capsys.readouterr().err


def test_the_latest_version_is_taken(tmp_path):
    standins.exported(tmp_path)
    for name in ("9", "10"):
        shutil.copytree(tmp_path / "toy_li" / "1", tmp_path / "toy_li" / name)
    assert load_attack(tmp_path / "toy_li").path.name == "10"


def test_run_takes_one_update_or_many(label_export):
    attack = load_attack(label_export)
    many = attack.run(BEFORE, AFTER)["label_probabilities"]
    one = attack.run(BEFORE[1], AFTER[1])["label_probabilities"]
    assert many.shape == (2, standins.CLASSES)
    np.testing.assert_allclose(one[0], many[1], atol=1e-6)


def test_default_seeds_repeat_and_differ_between_rows(seeded_export):
    attack = load_attack(seeded_export)
    pair = [np.repeat(value[:1], 2, axis=0) for value in (BEFORE, AFTER)]
    first = attack.run(*pair)["samples"]
    np.testing.assert_array_equal(first, attack.run(*pair)["samples"])
    assert np.abs(first[0] - first[1]).max() > 1e-3
    assert attack.run(*pair, signature="raw_samples")["samples"].shape[1] == 10


@pytest.mark.parametrize(
    ("before", "after", "signature"),
    [
        (BEFORE[:, :-1], AFTER[:, :-1], "serving_default"),
        (BEFORE, AFTER[:1], "serving_default"),
        (BEFORE, AFTER, "raw"),
    ],
)
def test_wrong_shapes_and_signatures(label_export, before, after, signature):
    with pytest.raises(UserError, match="Expected"):
        load_attack(label_export).run(before, after, signature=signature)


def break_metadata(folder):
    (folder / "assets.extra" / "ulk.json").unlink()


def break_schema(folder):
    path = folder / "assets.extra" / "ulk.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 99}))


def break_probing_set(folder):
    np.savez(folder / "assets.extra" / "probing_set.npz", samples=standins.PROBING_SET[::-1])


def pickle_probing_set(folder):
    np.savez(folder / "assets.extra" / "probing_set.npz", samples=np.array([{}], dtype=object))


def break_graph(folder):
    path = folder / "saved_model.pb"
    path.write_bytes(path.read_bytes()[:200])


def lose_variables(folder):
    shutil.rmtree(folder / "variables")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (break_metadata, "no assets.extra/ulk.json"),
        (break_schema, "schema version 1 or 2"),
        (break_probing_set, "sha256"),
        (pickle_probing_set, "no pickles"),
        (break_graph, "readable saved_model.pb"),
        (lose_variables, "can be loaded"),
    ],
)
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_damage_is_one_sentence(copied, damage, message):
    damage(copied)
    with pytest.raises(UserError, match=message):
        load_attack(copied)


def test_an_export_of_schema_1_is_still_read(copied):
    path = copied / "assets.extra" / "ulk.json"
    old = json.loads(path.read_text()) | {"schema_version": 1}
    old["metrics"] = {"accuracy": old["metrics"]["accuracy"]} | {
        "gain_over_shuffled": {"mean": 0.2, "low": 0.1, "high": 0.3, "n": 20}
    }
    path.write_text(json.dumps({key: old[key] for key in old if key != "gains"}))
    told = load_attack(copied).metadata
    assert told["schema_version"] == 2 and told["output"] == "label_probabilities"
    assert list(told["metrics"]) == ["accuracy"]
    assert told["gains"] == {"accuracy:shuffled": old["metrics"]["gain_over_shuffled"]}


@pytest.mark.parametrize("name", ["../up", "", "li msr", 3, None])
def test_a_name_that_is_no_part_of_a_path_is_refused(copied, name):
    path = copied / "assets.extra" / "ulk.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"attack": name}))
    with pytest.raises(UserError, match="letters, digits"):
        load_attack(copied)


def test_no_export_at_all(tmp_path):
    with pytest.raises(UserError, match="an exported attack"):
        load_attack(tmp_path)
