"""Recorded answers of a target to a probing set: written by `probe`, or anybody's .npz or .csv."""

import csv
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.blackbox.answers import OUTPUT_NAMES, checked
from ulk_tf.blackbox.source import Reply
from ulk_tf.errors import UserError
from ulk_tf.files import Array, load_npz, save_npz

SCHEMA_VERSION = 1
MAX_BYTES = 512 * 2**20
ARRAYS = ("answers", *OUTPUT_NAMES)


@dataclass(frozen=True)
class Recording:
    """Answers to the probing set, and where they came from.

    Attributes:
        answers: float64 [n, classes], as the target gave them; n is the size of the probing
            set, or less while probing is under way.
        target: what was probed; empty where nobody wrote it down.
        probing_set: sha256 of the probing set; empty where nobody wrote it down.
        versions: which versions answered; empty where they cannot be known.
        queries: samples sent, repeats after a failure too.
        started: ISO time of the first query.
        finished: ISO time of the last one.
    """

    answers: Array
    target: str = ""
    probing_set: str = ""
    versions: tuple[str, ...] = ()
    queries: int = 0
    started: str = ""
    finished: str = ""
    schema_version: int = field(default=SCHEMA_VERSION)

    def save(self, path: Path) -> None:
        """Write to an .npz, whole or not at all."""
        told = json.dumps(self.as_told())
        save_npz(path, {"answers": self.answers, "recording": np.array(told)})

    def as_told(self) -> dict[str, Any]:
        """What stands beside the answers."""
        return {key: value for key, value in asdict(self).items() if key != "answers"}

    @classmethod
    def load(cls, path: Path, output: str | None = None) -> "Recording":
        """Read an .npz or a .csv, written by `save` or by anybody.

        Args:
            path: the .npz holds the answers as `answers`, under another usual name, or as its
                only array; the .csv has a row for each sample, with or without a header.
            output: name of the array; None finds it.

        Raises:
            UserError: unreadable, too large, no answers in it, or not numbers.
        """
        if not path.is_file():
            raise UserError("a file with recorded answers", f"{path}, which does not exist")
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"recorded answers of at most {MAX_BYTES} bytes", str(path))
        if path.suffix == ".csv":
            return cls(_read_csv(path))
        arrays = load_npz(path)
        told = _told(path, arrays.pop("recording", None))
        usual = [name for name in ARRAYS if name in arrays]
        name = output or (usual[0] if usual else next(iter(arrays), ""))
        if name not in arrays or (not usual and output is None and len(arrays) > 1):
            raise UserError("an array named answers", f"{', '.join(arrays) or 'none'} in {path}")
        values = arrays[name]
        return cls(checked(values, len(values) if values.ndim else 0), **told)


class RecordedSource:
    """A recording as a target: it has answers to the whole probing set and to nothing else.

    Args:
        path: the file.
        output: name of the array; None finds it.
    """

    batch: int | None = None

    def __init__(self, path: Path, output: str | None = None) -> None:
        self.recording = Recording.load(path, output)
        self.name = str(path)

    def ask(self, samples: Array, spend: Callable[[int], None]) -> Reply:
        """The recorded answers; nothing is spent. See `Source`."""
        recorded = self.recording.answers
        if len(samples) != len(recorded):
            raise UserError(
                f"answers to all {len(samples)} samples of the probing set",
                f"{len(recorded)} in {self.name}",
            )
        return Reply(recorded, ", ".join(self.recording.versions))


def _told(path: Path, text: Array | None) -> dict[str, Any]:
    """What `save` wrote beside the answers; empty for a stranger's file."""
    if text is None:
        return {}
    try:
        told = json.loads(str(text))
        kinds = {known.name: known.type for known in fields(Recording) if known.name != "answers"}
        if told.get("schema_version") != SCHEMA_VERSION or set(told) != set(kinds):
            raise ValueError("another schema")
        told["versions"] = tuple(str(version) for version in told["versions"])
        told["queries"] = int(told["queries"])
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UserError(
            f"a recording of schema version {SCHEMA_VERSION}", f"{path} ({error})"
        ) from error
    return {key: value for key, value in told.items() if key != "schema_version"}


def _read_csv(path: Path) -> Array:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeError, csv.Error) as error:
        raise UserError("a readable .csv", f"{path} ({error})") from error
    if rows and not _numeric(rows[0]):
        rows = rows[1:]
    for number, row in enumerate(rows, start=1):
        if not _numeric(row) or len(row) != len(rows[0]):
            raise UserError(
                f"{len(rows[0])} numbers in every row of {path}", f"{row[:3]} in answer {number}"
            )
    return checked([[float(cell) for cell in row] for row in rows], len(rows))


def _numeric(row: list[str]) -> bool:
    try:
        [float(cell) for cell in row]
    except ValueError:
        return False
    return True
