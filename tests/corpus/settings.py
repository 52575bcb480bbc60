"""Corpora of digits that take a second, in many small shards."""

import hashlib
import sys
from pathlib import Path
from typing import Any

from ulk_tf.corpus import build
from ulk_tf.corpus.design import Design
from ulk_tf.data.datasets import Dataset, load
from ulk_tf.settings import presets
from ulk_tf.settings.experiment import Experiment

TINY: dict[str, Any] = {
    "set_size": 3,
    "label_skew": None,
    "n_probes": 6,
    "base_epochs": 1,
    "training_bases": 2,
    "validation_bases": 1,
    "target_bases": 1,
    "training_updates": 40,
    "validation_updates": 5,
    "target_updates": 20,
    "executor": "inline",
}
# Instead of 256; as small as the special path allows for without computing anything twice.
SHARD_UPDATES = 16
# Updates of all sides: of two shadow bases, of the held-out ones and of the target.
ALL = 2 * 40 + 5 + 20
# Two plans, four base models, nine shards and the manifest after each.
FILES_WRITTEN = 2 + 4 + 2 * 9


def tiny(folder: Path, **flags: Any) -> Experiment:
    """The settings of a tiny corpus, with everything below `folder`."""
    return presets.experiment("lde", runs_dir=str(folder), **(TINY | flags))


def trainer(folder: Path, **flags: Any) -> list[str]:
    """The command that trains A_LDE for a moment on a tiny corpus, everything below `folder`."""
    given = TINY | {"epochs": 1, "runs_dir": folder / "runs", "export_dir": folder / "exported"}
    flags = {name: value for name, value in (given | flags).items() if value is not None}
    named = [f"--{name}={value}" for name, value in flags.items()]
    return [sys.executable, "-m", "trainers.lde", *named]


def digits() -> Dataset:
    """scikit-learn's digits."""
    return load("digits", None, Path("unused"))


DATASETS = {digits().fingerprint: digits()}


def built(folder: Path, **flags: Any) -> build.Corpus:
    """A tiny corpus, built or found below `folder`."""
    return build.build_corpus(tiny(folder, **flags), digits())


def designs(folder: Path, **flags: Any) -> tuple[Design, Design]:
    """The corpora of the adversary and of the owner that a tiny build makes."""
    return build.designs_of(tiny(folder, **flags), digits())[1]


def folder_of(home: Path, side: int = 0, **flags: Any) -> Path:
    """The folder of the adversary's corpus (side 0) or the owner's (side 1) of a tiny build."""
    return designs(home, **flags)[side].folder


def contents(folder: Path) -> dict[str, str]:
    """What a build left behind: the sha256 of each file but locks, by path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "LOCK"
    }
