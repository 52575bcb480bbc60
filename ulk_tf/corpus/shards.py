"""Shards of a corpus: complete or absent, listed with their sha256 in a manifest.

A corpus folder holds

    plan.npz                                 what is planned, written first
    MANIFEST.json                            identity of the corpus, and each shard's sha256
    shadow-000_000000-000250.npz  ...        posteriors after these updates of this base model
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.errors import UserError
from ulk_tf.files import Array, check_folder, load_npz, save_npz, sha256_file, write_json


class Shards:
    """The files of one corpus.

    Args:
        folder: of this corpus; made when missing.
        identity: what the corpus is found by; it is written down and compared.
    """

    def __init__(self, folder: Path, identity: dict[str, object]) -> None:
        check_folder(folder, "--runs_dir")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._identity = json.loads(json.dumps(identity))
        self._listed: dict[str, dict[str, Any]] = {}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the corpus against other builds; the lock ends with the process, however it ends.

        Raises:
            UserError: another process builds this corpus.
        """
        with (self.folder / "LOCK").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(
                    f"to be the only one that builds {self.folder}",
                    "another process at work on it",
                    "Wait for it, then run again: what it built is found.",
                ) from None
            self._listed = self._sound()
            yield

    def missing(self, base: str, updates: int, weights: str, largest: int) -> list[tuple[int, int]]:
        """Ranges of updates of a base model that no sound shard covers.

        Args:
            base: the base model's name.
            updates: how many are wanted.
            weights: digest of the base model's weights; shards of others do not count.
            largest: updates in one range at most.
        """
        covered = np.zeros(updates, bool)
        for name, entry in list(self._listed.items()):
            if entry["base"] != base:
                continue
            if entry["weights"] != weights:
                self._forget(name)
                continue
            covered[entry["start"] : entry["stop"]] = True
        edges = np.flatnonzero(np.diff(np.concatenate([[True], covered, [True]]).astype(np.int8)))
        gaps = zip(edges[::2], edges[1::2], strict=True)
        ranges: list[tuple[int, int]] = []
        for first, stop in gaps:
            # Shards end at the same numbers however often a corpus was extended.
            inner = range((int(first) // largest + 1) * largest, int(stop), largest)
            cuts = [int(first), *inner, int(stop)]
            ranges.extend(pairwise(cuts))
        return ranges

    def write(self, base: str, start: int, stop: int, weights: str, after: Array) -> None:
        """Add a shard, then list it."""
        name = f"{base}_{start:06d}-{stop:06d}.npz"
        path = self.folder / name
        try:
            save_npz(path, {"after": after})
            self._listed[name] = {
                "base": base,
                "start": start,
                "stop": stop,
                "weights": weights,
                "sha256": sha256_file(path),
            }
            self._save()
        except OSError as error:
            raise UserError(
                f"room and permission to write {path}",
                error.strerror or str(error),
                "Make room or choose another --runs_dir, then run again: finished shards are kept.",
            ) from error

    def read(self, base: str, updates: int) -> Array:
        """The first `updates` posteriors of a base model, float32 [updates, probes, classes]."""
        parts = sorted(
            (entry["start"], name) for name, entry in self._listed.items() if entry["base"] == base
        )
        loaded = [load_npz(self.folder / name, ("after",))["after"] for _, name in parts]
        return np.concatenate(loaded)[:updates]

    def _sound(self) -> dict[str, dict[str, Any]]:
        """The listed shards whose bytes are what the manifest says; the others are dropped."""
        path = self.folder / "MANIFEST.json"
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            listed = dict(manifest["shards"]) if manifest["identity"] == self._identity else {}
        except (OSError, ValueError, KeyError, TypeError):
            listed = {}
        sound = {
            name: entry
            for name, entry in listed.items()
            if (self.folder / name).is_file() and sha256_file(self.folder / name) == entry["sha256"]
        }
        for stranger in self.folder.glob("*_*.npz"):
            if stranger.name not in sound:
                stranger.unlink()
        return sound

    def _forget(self, name: str) -> None:
        del self._listed[name]
        (self.folder / name).unlink(missing_ok=True)

    def _save(self) -> None:
        listed = {name: self._listed[name] for name in sorted(self._listed)}
        write_json(self.folder / "MANIFEST.json", {"identity": self._identity, "shards": listed})
