"""Shards of a corpus: complete or absent, listed with their sha256 in a manifest.

A corpus folder holds

    plan.npz                                 what is planned, written first
    MANIFEST.json                            identity, probes, and each shard's sha256
    shadow-000_000000-000256.npz  ...        posteriors before and after these updates
"""

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.corpus.locks import disk_errors
from ulk_tf.files import Array, load_npz, save_npz, sha256_file, write_json

ARRAYS = ("before", "after")
MANIFEST = "MANIFEST.json"


class Shards:
    """The files of one corpus. Whatever is not listed with these very bytes does not count.

    Args:
        folder: of this corpus.
        identity: all that decides its bytes; it is written down and compared.
        probes: a digest of each probe that was asked.
        columns: int [n], the places in `probes` of those that are read; all when None.

    Attributes:
        folder: of this corpus.
    """

    def __init__(
        self,
        folder: Path,
        identity: Mapping[str, object],
        probes: list[str],
        columns: Array | None = None,
    ) -> None:
        self.folder = folder
        self._identity = json.loads(json.dumps(identity))
        self._probes, self._columns = probes, columns
        self._listed = self._sound()

    @classmethod
    def with_probes(
        cls, folder: Path, identity: Mapping[str, object], wanted: list[str]
    ) -> "Shards | None":
        """The corpus in a folder, read at some of its probes; None where it lacks one of them.

        Args:
            folder: of a corpus.
            identity: that it must have.
            wanted: digests of probes.
        """
        manifest = _manifest(folder)
        if manifest is None or manifest["identity"] != json.loads(json.dumps(identity)):
            return None
        places = {probe: place for place, probe in enumerate(manifest["probes"])}
        if not set(wanted) <= set(places):
            return None
        columns = np.array([places[probe] for probe in wanted])
        return cls(folder, identity, manifest["probes"], columns)

    def sweep(self) -> None:
        """Remove shards that are not listed, or damaged; the caller holds the folder's lock."""
        with disk_errors(self.folder):
            for stranger in self.folder.glob("*_*.npz"):
                if stranger.name not in self._listed:
                    stranger.unlink()

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
            manifest = {"identity": self._identity, "probes": self._probes, "shards": listed}
            write_json(self.folder / MANIFEST, manifest)

    def read(self, base: str, updates: int) -> tuple[Array, Array]:
        """Posteriors before [probes, classes] and after [updates, probes, classes] of a base."""
        parts = sorted(
            (entry["start"], name) for name, entry in self._listed.items() if entry["base"] == base
        )
        loaded = [load_npz(self.folder / name, ARRAYS) for _, name in parts]
        before = loaded[0]["before"]
        after = np.concatenate([part["after"] for part in loaded])[:updates]
        if self._columns is None:
            return before, after
        return before[self._columns], after[:, self._columns]

    def first(self, base: str, weights: str) -> tuple[Array, Array] | None:
        """Posteriors [probes, classes] before and after the first update of a base model.

        Args:
            base: the base model's name.
            weights: digest of its weights.

        Returns:
            None where that update is not on disk.
        """
        for name, entry in self._listed.items():
            if (entry["base"], entry["start"], entry["weights"]) == (base, 0, weights):
                arrays = load_npz(self.folder / name, ARRAYS)
                every = slice(None) if self._columns is None else self._columns
                return arrays["before"][every], arrays["after"][0][every]
        return None

    def _sound(self) -> dict[str, dict[str, Any]]:
        """The listed shards whose bytes are what the manifest says."""
        manifest = _manifest(self.folder)
        if (
            manifest is None
            or manifest["identity"] != self._identity
            or manifest["probes"] != self._probes
        ):
            return {}
        listed = manifest["shards"]
        return {name: entry for name, entry in listed.items() if self._is_sound(name, entry)}

    def _is_sound(self, name: str, entry: Any) -> bool:
        path = self.folder / name
        try:
            named = _name(entry["base"], entry["start"], entry["stop"])
            listed = entry["sha256"] if named == name and "weights" in entry else None
        except (KeyError, TypeError, ValueError):
            return False
        return path.is_file() and sha256_file(path) == listed


def _manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a corpus; None where it is missing or no manifest."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return {
            "identity": manifest["identity"],
            "probes": [str(probe) for probe in manifest["probes"]],
            "shards": dict(manifest["shards"]),
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _name(base: str, start: int, stop: int) -> str:
    return f"{base}_{start:06d}-{stop:06d}.npz"
