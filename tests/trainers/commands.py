"""Trainers as a user starts them: processes with a command line, in a folder of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# The smallest settings with every part at work: several bases, intervals, a validation side.
TINY = {
    "preset": "quick",
    "base_epochs": 3,
    "training_bases": 1,
    "target_bases": 2,
    "training_updates": 64,
    "validation_updates": 16,
    "target_updates": 3,
    "workers": 1,
}
FEW_EPOCHS = {"epochs": 2}
OF_ATTACK: dict[str, dict[str, Any]] = {
    "li": FEW_EPOCHS,
    "ssr": FEW_EPOCHS | {"autoencoder_epochs": 2},
    "lde": FEW_EPOCHS | {"set_size": 5},
    "msr": FEW_EPOCHS
    | {
        "set_size": 5,
        "label_epochs": 2,
        "autoencoder_epochs": 2,
        "generator_width": 32,
        "samples_per_set": 10,
        "cluster_samples": 50,
    },
    "all": {},
}


@dataclass(frozen=True)
class Done:
    """A trainer that has left.

    Attributes:
        code: its exit code.
        out: standard output.
        err: standard error.
        folder: where it ran.
    """

    code: int
    out: str
    err: str
    folder: Path

    @property
    def results_path(self) -> Path:
        """What the last line of standard output names."""
        return self.folder / self.out.splitlines()[-1]

    @property
    def results(self) -> Any:
        """What results.json holds."""
        return json.loads(self.results_path.read_text())

    @property
    def figures(self) -> Any:
        """What must not depend on when or how often a run was interrupted."""
        kept = ("metrics", "baselines", "gains", "config", "published", "warnings")
        return {key: self.results[key] for key in kept}


def start(attack: str, folder: Path, **flags: Any) -> subprocess.Popen[str]:
    """Start `python -m trainers.<attack>` in `folder`, its output in pipes."""
    given = TINY | OF_ATTACK[attack] | {"runs_dir": "r", "export_dir": "e"} | flags
    # A terminal sets no TF_ or Keras variables; pytest's own would hide what a user sees.
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TF_", "KERAS_", "CUDA_"))
    }
    return subprocess.Popen(
        [sys.executable, "-m", f"trainers.{attack}", *(f"--{n}={v}" for n, v in given.items())],
        cwd=folder,
        env=clean | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's `&` leaves what it starts deaf to Ctrl-C; a user's terminal does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def finish(process: subprocess.Popen[str], folder: Path) -> Done:
    """Wait for a trainer."""
    out, err = process.communicate(timeout=280)
    return Done(process.returncode, out, err, folder)


def train(attack: str, folder: Path, **flags: Any) -> Done:
    """Run a trainer to its end, which must be good."""
    done = finish(start(attack, folder, **flags), folder)
    assert done.code == 0, done.err
    return done


def wait_for(folder: Path, pattern: str, process: subprocess.Popen[str]) -> None:
    """Wait until a file appears while `process` is at work."""
    end = time.monotonic() + 200
    while not list(folder.glob(pattern)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, f"no {pattern}"
        time.sleep(0.02)


def made(folder: Path) -> dict[str, int]:
    """Base models and shards, by path, and when they were written in nanoseconds."""
    found = [*folder.glob("r/*/bases/*.npz"), *folder.glob("r/*/corpus/*/*-*.npz")]
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in found}
