"""Preflight refuses what cannot run, in one sentence, before anything is written."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ulk_tf import trainer
from ulk_tf.commands import command, shared_command
from ulk_tf.errors import UserError
from ulk_tf.preflight import preflight
from ulk_tf.settings import presets

ROOT = Path(__file__).parents[1]


def test_commands_check_before_they_run(tmp_path: Path) -> None:
    ran: list[Any] = []

    def run(*arguments: Any) -> None:
        ran.append(arguments)

    own = {"runs_dir": str(tmp_path / "runs"), "export_dir": str(tmp_path / "exported")}
    one, shared = command("msr", run, "Do it."), shared_command(run, "Do them.")
    for wrong in ({"samples": 5000}, {"dataset": str(tmp_path / "no.npz")}):
        for each in (one, shared):
            with pytest.raises(UserError):
                each(**wrong, **own)
    with pytest.raises(UserError, match="its pool"):
        one(set_size=500, **own)
    with pytest.raises(UserError, match="its pool"):
        shared(validation_samples=5, **own)
    assert not ran and not list(tmp_path.iterdir())
    one(preset="quick", **own)
    experiment, loaded = ran[0]
    assert experiment == presets.experiment("msr", "quick", **own)
    assert loaded.dataset.name == "digits" and loaded.shadow_dataset is None
    shared(preset="quick", **own)
    experiments, loaded = ran[1]
    assert experiments == [presets.experiment(a, "quick", **own) for a in presets.ATTACKS]
    assert len(loaded.dataset.labels) == 1797
    assert not list(tmp_path.iterdir())


def bad_npz(folder: Path, fault: str) -> str:
    images = np.zeros((60, 8, 8), np.uint8)
    labels = np.arange(60) % 3
    floats = np.zeros((60, 4))
    floats[7, 2] = np.nan
    arrays = {
        "no labels": {"images": images},
        "no samples": {"labels": labels},
        "both kinds": {"images": images, "vectors": floats, "labels": labels},
        "mixed lengths": {"images": images, "labels": labels[:-1]},
        "nan": {"vectors": floats, "labels": labels},
        "negative label": {"images": images, "labels": labels - 1},
        "label outside": {"images": images, "labels": labels, "class_names": np.array(["a", "b"])},
        "objects": {"images": images, "labels": labels.astype(object)},
        "pickle": {"images": np.array([{"x": 1}], object), "labels": labels},
    }
    path = folder / f"{fault.replace(' ', '_')}.npz"
    np.savez(path, **arrays[fault])
    return str(path)


NPZ_FAULTS = {
    "no labels": "arrays named labels in",
    "no samples": "either 'images' or 'vectors'",
    "both kinds": "either 'images' or 'vectors'",
    "mixed lengths": "59 labels, 60 samples",
    "nan": "finite numbers",
    "negative label": "labels from 0 up",
    "label outside": "labels from 0 to 1",
    "objects": "no objects, no pickles",
    "pickle": "no objects, no pickles",
}
BAD_FLAGS = {
    "unknown data set": (["--dataset=no_such_data"], "an image-classification name of TFDS"),
    "not prepared": (["--dataset=mnist", "--data_dir={here}"], "prepared in {here}/mnist/"),
    "not to be had": (["--dataset=mnist"], "mnist/t10k-images-idx3-ubyte.gz cannot be reached"),
    "no such file": (["--dataset={here}/own.npz"], "an existing .npz file"),
    "no data set": (["--dataset=own.csv"], "an image-classification name of TFDS or a .npz"),
    "preset too large": (["--preset=paper"], "at most the 1797 samples there are"),
    "unknown target": (["--target=digits_cn"], "--target of auto, mnist_cnn"),
    "target of no module": (["--target=no_module:f"], "No module named 'no_module'"),
    "target that is none": (["--target=os:getcwd"], "a function of (sample shape, classes)"),
    "target too large": (["--target=mnist_cnn"], "a target that takes samples of shape (8, 8, 1)"),
    "few clustered": (
        ["--set_size=9", "--cluster_samples=8"],
        "--cluster_samples to be at least --set_size",
    ),
    "clipping alone": (
        ["--dp_clip=0.5"],
        "--dp_noise_multiplier or --dp_epsilon beside --dp_clip: an update without DP-SGD",
    ),
    "delta alone": (["--shadow_dp_delta=1e-3"], "Received --shadow_dp_delta=0.001 alone."),
    "unknown preset": (["--preset=fast"], "one of quick, default, paper"),
    "misspelt flag": (["--set_sise=3"], "Did you mean --set_size?"),
    "renamed flag": (["--noise=3"], "Expected --noise_dim, its new name. Received --noise."),
    "renamed count": (["--shadow_bases=3"], "Expected --training_bases, its new name."),
    "set larger than pool": (["--set_size=472"], "its pool (471 samples on the shadow side)"),
    "no probes": (["--n_probes=0"], "--n_probes to be at least 1"),
    "more probes than data": (["--n_probes=5000"], "the 1797 samples there are"),
    "more classes kept than there are": (["--defence=top_k:11"], "K up to 10 classes. Received 11"),
    "noise below 0": (["--defence=noise:-1"], "a standard deviation, from 0 to 10. Received '-1'"),
    "too many decimals": (["--defence=round:20"], "decimals, a whole number from 0 to 12"),
    "epsilon of 0": (["--dp_epsilon=0"], "--dp_epsilon to be at least 0.001. Received 0.0"),
    "runs_dir is a file": (["--runs_dir={file}"], "a folder for --runs_dir"),
    "export_dir in a file": (["--export_dir={file}/x"], "a folder for --export_dir"),
    "runs_dir nowhere": (["--runs_dir=/proc/nowhere"], "a folder for --runs_dir"),
}


# In a process of their own, one of each kind: of a file, a flag, TensorFlow's data, and a target.
IN_A_PROCESS = ("nan", "misspelt flag", "not to be had", "target too large")
Told = tuple[Any, str, str]


def _in_a_process(arguments: list[str], here: Path, own: dict[str, str]) -> Told:
    done = subprocess.run(
        [sys.executable, "-m", "trainers.msr", *arguments],
        cwd=here,
        env=os.environ | own | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def refused(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[[list[str], Path, dict[str, str]], Told]:
    """Exit code and output of the trainer's command line, called in this process."""

    def call(arguments: list[str], here: Path, own: dict[str, str]) -> Told:
        monkeypatch.chdir(here)
        for name, value in own.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            trainer.main("msr", arguments)
        return ended.value.code, *capfd.readouterr()

    return call


@pytest.mark.parametrize(
    ("fault", "alone"),
    [
        *((fault, False) for fault in (*NPZ_FAULTS, *BAD_FLAGS) if fault not in IN_A_PROCESS),
        *((fault, True) for fault in IN_A_PROCESS),
    ],
)
def test_bad_input_ends_in_seconds_with_one_sentence_and_no_file(
    tmp_path: Path, fault: str, alone: bool, refused: Callable[..., Told]
) -> None:
    given, here = tmp_path / "given", tmp_path / "here"
    given.mkdir()
    here.mkdir()
    (given / "file").touch()
    if fault in NPZ_FAULTS:
        arguments, sentence = [f"--dataset={bad_npz(given, fault)}"], NPZ_FAULTS[fault]
    else:
        arguments, sentence = BAD_FLAGS[fault]
    fill = {"here": here, "file": given / "file"}
    # Where there is a network, nothing is to be had from it.
    offline = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    own = offline | {"HOME": str(here), "TFDS_DATA_DIR": str(here)}
    call = _in_a_process if alone else refused
    code, out, err = call([text.format(**fill) for text in arguments], here, own)
    assert (code, out) == (2, "")
    assert err.startswith("error: Expected ") and err.count("\n") == 1
    assert sentence.format(**fill) in err
    # Keras, matplotlib and their like keep settings of their own at home.
    own_homes = {".keras", ".config", ".cache"}
    assert not {path.name for path in here.iterdir()} - own_homes


def test_preflight_passes_what_can_run(tmp_path: Path) -> None:
    own = {"runs_dir": str(tmp_path / "runs"), "export_dir": str(tmp_path / "exported")}
    preflight(*(presets.experiment(attack, "quick", **own) for attack in presets.ATTACKS))
    assert not list(tmp_path.iterdir())
