"""The commands: mistakes are one sentence, checks tell each export, servers read the config."""

import shutil
import subprocess
import sys

import pytest

from tests.standins import run


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
