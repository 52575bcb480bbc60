"""Shards: the files of a corpus, each complete or absent, listed with its sha256 in a manifest.

A corpus folder holds

    plan.npz                                 the plan, written first
    MANIFEST.json                            identity, probes, and the sha256 of each shard
    shadow-000_000000-000256.npz  ...        posteriors before and after these updates
"""

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.corpus.locks import disk_errors
from ulk_tf.files import Array, load_npz, save_npz, sha256_file, write_json

ARRAYS = ("before", "after")
MANIFEST = "MANIFEST.json"


class Shards:
    """Shards of one corpus; a file that the manifest does not list with its sha256 is ignored.

    Args:
        folder: folder of the corpus.
        identity: settings that decide its posteriors, which the manifest must equal.
        probes: digest of each probe of the corpus.
        columns: positions in `probes` of the probes to read, int [n]; all when None.

    Attributes:
        folder: folder of the corpus.
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
        """Open the corpus in a folder, to be read at some of its probes.

        Args:
            folder: folder of a corpus.
            identity: the identity that it must have.
            wanted: digests of the probes to read.

        Returns:
            The shards; None if the identity differs or a probe is missing.
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
        """Remove unlisted and damaged shards; the caller must hold the folder's lock."""
        with disk_errors(self.folder):
            for path in self.folder.glob("*_*.npz"):
                if path.name not in self._listed:
                    path.unlink()

    def missing(self, base: str, updates: int, weights: str, largest: int) -> list[tuple[int, int]]:
        """List the ranges of a base model's updates that no valid shard covers.

        Args:
            base: name of the base model.
            updates: number of updates that the corpus must have.
            weights: digest of the base model's weights; shards of other weights are ignored.
            largest: greatest number of updates in one range.

        Returns:
            Pairs of the first update and the number after the last one.
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
            # Shards end at multiples of `largest`, however often a corpus was extended.
            inner = range((int(first) // largest + 1) * largest, int(stop), largest)
            ranges.extend(pairwise([int(first), *inner, int(stop)]))
        return ranges

    def write(self, base: str, start: int, stop: int, weights: str, posteriors: Any) -> None:
        """Save a shard, then list it in the manifest.

        Args:
            base: name of the base model.
            start: number of its first update.
            stop: number after its last update.
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

    def read(self, base: str, updates: int) -> Iterator[tuple[Array, Array]]:
        """Read the posteriors of a base model's first `updates` updates, shard by shard.

        Yields:
            Before [probes, classes] and after [updates of the shard, probes, classes], float32.
        """
        parts = sorted(
            (entry["start"], name) for name, entry in self._listed.items() if entry["base"] == base
        )
        every = slice(None) if self._columns is None else self._columns
        for start, name in parts:
            if start < updates:
                part = load_npz(self.folder / name, ARRAYS)
                yield part["before"][every], part["after"][: updates - start, every]

    def first(self, base: str, weights: str) -> tuple[Array, Array] | None:
        """Read the posteriors before and after the first update of a base model.

        Args:
            base: name of the base model.
            weights: digest of its weights.

        Returns:
            Two arrays float32 [probes, classes]; None if that update is not on disk.
        """
        for name, entry in self._listed.items():
            if (entry["base"], entry["start"], entry["weights"]) == (base, 0, weights):
                arrays = load_npz(self.folder / name, ARRAYS)
                every = slice(None) if self._columns is None else self._columns
                return arrays["before"][every], arrays["after"][0][every]
        return None

    def _sound(self) -> dict[str, dict[str, Any]]:
        """Return the entries of the manifest whose files match their sha256, by file name."""
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
    """Read the manifest of a corpus; None if it is missing or damaged."""
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
