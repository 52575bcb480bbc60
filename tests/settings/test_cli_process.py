"""The command line as a process: quick to answer, quiet when its reader leaves."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "arguments",
    [
        ["trainers.msr", "--n_epoch=3"],
        ["trainers.li", "--preset=fast"],
        ["trainers.ssr", "--n_probes=0"],
        ["trainers.lde", "--dataset=no/such/file.npz"],
        ["trainers.all", "--bases=3"],
        ["ulk_tf", "prob"],
        ["ulk_tf", "probe", "--target=x", "--atack=y"],
        ["ulk_tf", "audit", "--before=a.npz", "--after=b.npz", "--out"],
    ],
)
def test_mistakes_are_told_before_tensorflow_is_imported(
    tmp_path: Path, arguments: list[str]
) -> None:
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and done.stdout == ""
    imports = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    told = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert len(told) == 1 and told[0].startswith("error: Expected ")
    assert not [line for line in imports if line.split("|")[-1].strip() in ("tensorflow", "keras")]
    assert not list(tmp_path.iterdir())
    # About a third of a second on an idle machine.
    assert time.monotonic() - start < 10


def test_a_package_of_the_user_s_own_hides_no_command(tmp_path: Path) -> None:
    (tmp_path / "trainers").mkdir()
    (tmp_path / "trainers" / "__init__.py").write_text("raise SystemExit('another package')")
    done = subprocess.run(
        [sys.executable, "-m", "ulk_tf", "train", "li", "--n_epoch=3"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "Received --n_epoch" in done.stderr


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    shown = subprocess.run(
        f"'{sys.executable}' -m trainers.msr --help | true",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.stderr == ""
