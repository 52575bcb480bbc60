"""The audit: what it says, what it leaves behind, and what it refuses to mix."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.serving import standins
from tests.target import misbehaving as bad
from ulk_tf import __main__ as commands
from ulk_tf import cli
from ulk_tf.attacks.signature import Signature, TrainedAttack
from ulk_tf.errors import UserError
from ulk_tf.files import digest, load_npz
from ulk_tf.serving import audit as auditing
from ulk_tf.serving.audit_page import write_audit
from ulk_tf.serving.loading import load_attack
from ulk_tf.serving.warmup import example_posteriors
from ulk_tf.target.recording import Recording

BEFORE, AFTER = (
    pair[0].astype(np.float64)
    for pair in example_posteriors((1, standins.PROBES, standins.CLASSES), 2)
)
PROBED = digest(standins.PROBING_SET)


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        cli.run(commands.COMMANDS, list(map(str, arguments)))
    return ended.value.code


def sample_attack():
    def one(before, after):
        return {"sample": (before - after)[:, :4, :3, None] * 0.5 + 0.5}

    return TrainedAttack("ssr", (), {"serving_default": Signature(one, standins.PAIR)})


@pytest.fixture(scope="module")
def exports(tmp_path_factory, own_key):
    folder = tmp_path_factory.mktemp("exported")
    attacks = (
        standins.label_attack(),
        standins.label_attack("lde", "label_distribution"),
        sample_attack(),
        standins.seeded_attack(),
    )
    return {attack.name: standins.exported(folder, attack) for attack in attacks}


@pytest.fixture
def recorded(tmp_path):
    def record(name, answers, **told):
        known = {"target": "http://h/v1/models/m", "probing_set": PROBED, "queries": 6}
        path = tmp_path / f"{name}.npz"
        Recording(answers, **{**known, "versions": (name,), **told}).save(path)
        return str(path)

    return record


@pytest.fixture
def pair(recorded):
    return recorded("1", BEFORE), recorded("2", AFTER)


def test_report_of_all_four_attacks(exports, pair, tmp_path, capsys):
    out = tmp_path / "report"
    code = run(
        "audit",
        f"--before={pair[0]}",
        f"--after={pair[1]}",
        f"--attack={','.join(map(str, exports.values()))}",
        f"--out={out}",
    )
    assert code == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(out / "audit.html")
    told = json.loads((out / "audit.json").read_text())
    assert told["warnings"] == []
    assert told["before"]["versions"] == ["1"]
    assert told["after"]["versions"] == ["2"]
    assert told["before"]["queries"] == 6
    found = {attack["attack"]: attack["result"] for attack in told["attacks"]}
    assert set(found) == {"li", "lde", "ssr", "msr"}
    pair32 = BEFORE.astype(np.float32), AFTER.astype(np.float32)
    wanted = load_attack(exports["li"]).run(*pair32)["label_probabilities"][0]
    assert found["li"]["label"] == ["ant", "bee", "cat"][wanted.argmax()]
    assert found["li"]["probabilities"][found["li"]["label"]] == pytest.approx(wanted.max())
    assert sum(found["lde"]["distribution"].values()) == pytest.approx(1)
    arrays = load_npz(out / "answers.npz")
    np.testing.assert_allclose(
        arrays["ssr_sample"], load_attack(exports["ssr"]).run(*pair32)["sample"][0]
    )
    assert arrays["msr_samples"].shape == (2, 4, 4, 1)
    for name in ("moved", "li", "lde", "ssr", "msr"):
        assert (out / told["figures"][name]).read_bytes().startswith(b"\x89PNG")
    page = (out / "audit.html").read_text()
    for piece in ("ant", "http://h/v1/models/m", "0.5", "of 6 probes changed", "data:image/png"):
        assert piece in page
    assert page.count("<img") == 5


def test_movement():
    before = np.array([[1, 0], [0.5, 0.5], [0.4, 0.6]], np.float32)
    after = np.array([[0, 1], [0.5, 0.5], [0.5, 0.5]], np.float32)
    moved = auditing.movement(before, after)
    assert moved["total_variation_max"] == 1
    assert moved["total_variation_mean"] == pytest.approx(1.1 / 3, rel=1e-6)
    assert moved["total_variation_median"] == pytest.approx(0.1, rel=1e-6)
    assert (moved["labels_changed"], moved["probes"]) == (2, 3)


def test_where_nothing_moved_no_attack_is_run(exports, recorded, tmp_path):
    same = recorded("1", BEFORE)
    result = auditing.audit(same, same, [load_attack(exports["li"])])
    assert result.findings == ()
    assert "exactly the same" in result.warnings[0]
    told = json.loads((write_audit(tmp_path, result).parent / "audit.json").read_text())
    assert told["attacks"] == []


@pytest.mark.parametrize(
    ("told", "changed", "warning"),
    [
        ({}, AFTER.round(2), "rounds its answers to 2 decimals"),
        ({}, np.log(AFTER), "answers logits"),
        ({"versions": ()}, AFTER, "the version that answered is not known"),
        ({"probing_set": ""}, AFTER, "does not say to which probing set"),
        ({"versions": ("1",)}, AFTER, "answer by chance"),
    ],
)
def test_what_a_reader_has_to_know_first(told, changed, warning, exports, recorded, tmp_path):
    before, after = recorded("1", BEFORE), recorded("2", changed, **told)
    result = auditing.audit(before, after, [load_attack(exports["li"])])
    assert warning in " ".join(result.warnings)
    assert warning in write_audit(tmp_path, result).read_text()


@pytest.mark.parametrize(
    ("told", "answers", "message"),
    [
        ({"probing_set": "other"}, AFTER, "answers to another one"),
        ({}, AFTER[:-1], "answers to all 6 samples"),
        ({}, np.eye(6)[:, :2], r"shape \[6, 3\]"),
        ({}, AFTER * 2, "sum to 1"),
    ],
)
def test_answers_that_do_not_fit(told, answers, message, exports, recorded, pair):
    with pytest.raises(UserError, match=message):
        auditing.audit(pair[0], recorded("3", answers, **told), [load_attack(exports["li"])])


def test_attacks_of_different_probing_sets(exports, pair, tmp_path):
    other = standins.export_attack(
        standins.label_attack(),
        export_dir=tmp_path,
        dataset="other",
        probing_set=standins.PROBING_SET[::-1],
        metadata={},
    )
    with pytest.raises(UserError, match="one probing set"):
        auditing.audit(*pair, [load_attack(exports["li"]), load_attack(other)])


def test_names_from_elsewhere_cannot_become_markup(exports, recorded, tmp_path):
    evil = "<script>alert(1)</script>"
    pair = recorded("1", BEFORE, target=evil), recorded("2", AFTER, versions=(evil,))
    page = write_audit(tmp_path, auditing.audit(*pair, [load_attack(exports["li"])])).read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def served(samples, shift=0.0):
    flat = np.asarray(samples, np.float64).reshape(len(samples), -1)
    logits = np.stack([flat.mean(1), flat[:, 0], flat[:, -1] + shift], 1) / 40
    return np.exp(logits) / np.exp(logits).sum(1, keepdims=True)


def test_two_phases_over_http_and_both_at_once(exports, tmp_path, capsys):
    """Probe, update, probe, audit; and the same without recordings."""
    attack = f"--attack={exports['li'].parent}"
    with bad.Server(lambda _, s: served(s).tolist()) as server:
        url = f"--target={server.url}"
        assert run("probe", url, attack, f"--out={tmp_path / 'before.npz'}") == 0
        assert "version: 3; queries: 6" in capsys.readouterr().out
        server.version = "4"
        server.predict = lambda _, s: served(s, 3.0).tolist()
        assert run("probe", url, attack, f"--out={tmp_path / 'after.npz'}", "--batch=4") == 0
        two = [f"--before={tmp_path / 'before.npz'}", f"--after={tmp_path / 'after.npz'}"]
        assert run("audit", *two, attack, f"--out={tmp_path / 'two'}") == 0
        live = [f"--before={__name__}:served", f"--after={server.url}/versions/4"]
        assert run("audit", *live, attack, f"--out={tmp_path / 'live'}") == 0
    told = [json.loads((tmp_path / name / "audit.json").read_text()) for name in ("two", "live")]
    assert told[0]["before"]["versions"] == ["3"]
    assert told[0]["after"]["versions"] == ["4"]
    assert told[0]["movement"] == pytest.approx(told[1]["movement"])
    assert told[0]["movement"]["total_variation_max"] > 0
    assert told[0]["attacks"][0]["result"] == told[1]["attacks"][0]["result"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["probe", "--target=nowhere", "--attack={li}", "--out={out}"],
        ["probe", "--target=nowhere", "--attack={out}", "--out={out}"],
        ["audit", "--before={out}", "--after={out}", "--attack={li}"],
        ["audit", "--before=a.npz", "--after=b.npz", "--attack=,"],
        ["check", "{out}"],
        ["serve-config", "--export_dir={out}"],
    ],
)
def test_mistakes_end_with_2_and_one_sentence(arguments, exports, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"li": exports["li"], "out": tmp_path / "x.npz"}
    assert run(*(argument.format(**names) for argument in arguments)) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("error: Expected ")
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_a_misspelt_flag_is_answered_before_tensorflow_is_imported():
    command = [sys.executable, "-X", "importtime", "-m", "ulk_tf", "probe", "--taget=x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Did you mean --target?" in done.stderr
    assert "tensorflow" not in done.stderr


def test_check_tells_each_export(exports, capsys):
    assert run("check", exports["li"].parent.parent) == 0
    said = capsys.readouterr().out
    assert said.count("good  ") == 4
    for name in ("version folder", "no XLA", "C++ loader"):
        assert f"ok  {name}" in said


def test_check_refuses_with_the_reason(exports, tmp_path, capsys):
    shutil.copytree(exports["li"], tmp_path / "toy" / "latest")
    assert run("check", tmp_path) == 2
    captured = capsys.readouterr()
    assert "'latest'" in captured.out
    assert "1 of 1" in captured.err


def test_serve_config(exports, capsys):
    folder = exports["li"].parent.parent
    (folder / "notes").mkdir(exist_ok=True)
    assert run("serve-config", f"--export_dir={folder}") == 0
    written = (folder / "models.config").read_text()
    assert written.count("config {") == 4
    assert 'name: "toy_msr"\n    base_path: "/models/toy_msr"' in written
    assert "notes" not in written
    command = capsys.readouterr().out.splitlines()[-1]
    assert command.startswith("docker run")
    assert f"{folder}:/models:ro" in command
    assert command.endswith("tensorflow/serving --model_config_file=/models/models.config")


def test_models_config_is_what_the_server_s_own_protos_read(exports):
    text_format = pytest.importorskip("google.protobuf.text_format")
    protos = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2")
    from ulk_tf.serving.serve import write_config

    path, names = write_config(exports["li"].parent.parent)
    config = text_format.Parse(path.read_text(), protos.ModelServerConfig())
    assert [one.name for one in config.model_config_list.config] == names
