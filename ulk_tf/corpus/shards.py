"""Shards of a corpus: complete or absent, listed with their sha256 in a manifest.

A corpus folder holds

    plan.npz                                 what is planned, written first
    MANIFEST.json                            identity of the corpus, and each shard's sha256
    shadow-000_000000-000256.npz  ...        posteriors before and after these updates
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.corpus.locks import disk_errors
from ulk_tf.files import Array, load_npz, save_npz, sha256_file, write_json

ARRAYS = ("before", "after")


class Shards:
    """The files of one corpus; whoever uses them holds the folder alone.

    Whatever is not listed with these very bytes does not count, and is removed.

    Args:
        folder: of this corpus.
        identity: what the corpus is found by; it is written down and compared.
    """

    def __init__(self, folder: Path, identity: dict[str, object]) -> None:
        self.folder = folder
        self._identity = json.loads(json.dumps(identity))
        with disk_errors(folder):
            self._listed = self._sound()

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
                del self._listed[name]
                (self.folder / name).unlink()
                continue
            covered[entry["start"] : entry["stop"]] = True
        edges = np.flatnonzero(np.diff(np.concatenate([[True], covered, [True]]).astype(np.int8)))
        gaps = zip(edges[::2], edges[1::2], strict=True)
        ranges: list[tuple[int, int]] = []
        for first, stop in gaps:
            # Shards end at the same numbers however often a corpus was extended.
            inner = range((int(first) // largest + 1) * largest, int(stop), largest)
            ranges.extend(pairwise([int(first), *inner, int(stop)]))
        return ranges

    def write(self, base: str, start: int, stop: int, weights: str, posteriors: Any) -> None:
        """Add a shard, then list it.

        Args:
            base: the base model's name.
            start: number of its first update.
            stop: number behind its last update.
            weights: digest of the base model's weights.
            posteriors: arrays "before" [probes, classes] and "after" [updates, probes, classes].
        """
        name = _name(base, start, stop)
        path = self.folder / name
        with disk_errors(self.folder):
            save_npz(path, {name: posteriors[name] for name in ARRAYS})
            self._listed[name] = {
                "base": base,
                "start": start,
                "stop": stop,
                "weights": weights,
                "sha256": sha256_file(path),
            }
            listed = {name: self._listed[name] for name in sorted(self._listed)}
            manifest = {"identity": self._identity, "shards": listed}
            write_json(self.folder / "MANIFEST.json", manifest)

    def read(self, base: str, updates: int) -> tuple[Array, Array]:
        """Posteriors before [probes, classes] and after [updates, probes, classes] of a base."""
        parts = sorted(
            (entry["start"], name) for name, entry in self._listed.items() if entry["base"] == base
        )
        loaded = [load_npz(self.folder / name, ARRAYS) for _, name in parts]
        return loaded[0]["before"], np.concatenate([part["after"] for part in loaded])[:updates]

    def _sound(self) -> dict[str, dict[str, Any]]:
        """The listed shards whose bytes are what the manifest says; the others are removed."""
        path = self.folder / "MANIFEST.json"
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            listed = dict(manifest["shards"]) if manifest["identity"] == self._identity else {}
        except (OSError, ValueError, KeyError, TypeError):
            listed = {}
        sound = {name: entry for name, entry in listed.items() if self._is_sound(name, entry)}
        for stranger in self.folder.glob("*_*.npz"):
            if stranger.name not in sound:
                stranger.unlink()
        return sound

    def _is_sound(self, name: str, entry: Any) -> bool:
        path = self.folder / name
        try:
            named = _name(entry["base"], entry["start"], entry["stop"])
            listed = entry["sha256"] if named == name and "weights" in entry else None
        except (KeyError, TypeError, ValueError):
            return False
        return path.is_file() and sha256_file(path) == listed


def _name(base: str, start: int, stop: int) -> str:
    return f"{base}_{start:06d}-{stop:06d}.npz"
