"""Recorded answers of a target to a probing set: written by `probe`, or anybody's table."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.answers.numbers import checked
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.outputs import OUTPUT_NAMES
from ulk_tf.blackbox.single_columns import LABELS_NOTE, one_hot
from ulk_tf.blackbox.source import Reply
from ulk_tf.blackbox.tables import TABLES, read_table
from ulk_tf.errors import UserError
from ulk_tf.files import Array, load_npz, save_npz
from ulk_tf.reasons import reason

SCHEMA_VERSION = 3
# Recordings of schema version 1 know neither how the target was asked nor notes.
LATER: dict[str, Any] = {"asked": {}, "notes": []}
MAX_BYTES = 512 * 2**20
ARRAYS = ("answers", *OUTPUT_NAMES)
# Further answers, which only some recordings hold. Those of samples that were asked again were of
# the first ones before schema version 3, and are not read.
MORE = ("repeated", "again")
RECORDED = (".npz", ".npy", *TABLES)


@dataclass(frozen=True)
class Recording:
    """Answers to the probing set, and where they came from.

    Attributes:
        answers: float64 [n, classes], as the target gave them; n is the size of the probing
            set, or less while probing is under way; one column for a single sigmoid unit; the
            mean where each sample was asked several times.
        target: what was probed; empty where nobody wrote it down.
        probing_set: sha256 of the probing set; empty where nobody wrote it down.
        versions: which versions answered; empty where they cannot be known.
        queries: samples sent, repeats after a failure too.
        started: ISO time of the first query.
        finished: ISO time of the last one.
        asked: how the target was asked, see `Asking.as_told`; empty where nobody wrote it down.
        notes: sentences on what was done to reach and to understand the target.
        repeated: float64 [repeats, n, classes], every answer, where there are several to each
            sample; else None.
        again: float64 [some, classes], further answers to samples at `repeats.places_again`; None
            where none were asked again.
        schema_version: version of the file's form.
    """

    answers: Array
    target: str = ""
    probing_set: str = ""
    versions: tuple[str, ...] = ()
    queries: int = 0
    started: str = ""
    finished: str = ""
    asked: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    repeated: Array | None = None
    again: Array | None = None
    schema_version: int = field(default=SCHEMA_VERSION)

    @property
    def asked_once(self) -> bool:
        """True if no sample was asked more than once, so that noise may pass for movement."""
        return self.repeated is None and self.again is None

    @property
    def raw(self) -> Array:
        """Every answer, as `answers.interpret` takes it."""
        return self.answers if self.repeated is None else self.repeated

    def save(self, path: Path) -> None:
        """Write to an .npz, whole or not at all."""
        more = {name: value for name in MORE if (value := getattr(self, name)) is not None}
        told = np.array(json.dumps(self.as_told()))
        save_npz(path, {"answers": self.answers, "recording": told, **more})

    def as_told(self) -> dict[str, Any]:
        """Metadata of the answers."""
        told = {item.name: getattr(self, item.name) for item in fields(self)}
        for name in ("answers", *MORE):
            del told[name]
        return told | {"asked": dict(self.asked)}

    @classmethod
    def of(cls, values: Array, class_names: Sequence[str] = ()) -> "Recording":
        """Make a recording of bare answers.

        Args:
            values: a row of numbers or a label for each sample.
            class_names: in the order that the attack knows; empty where nobody knows them.

        Raises:
            UserError: they are no answers.
        """
        rows = len(values) if values.ndim else 0
        labels = one_hot(values, rows, class_names)
        if labels is not None:
            return cls(labels, notes=(LABELS_NOTE,))
        return cls(checked(values, rows))

    @classmethod
    def load(
        cls, path: Path, output: str | None = None, class_names: Sequence[str] = ()
    ) -> "Recording":
        """Read a file of recorded answers, written by `save` or by anybody.

        Args:
            path: an .npz holds the answers as `answers`, under another usual name, or as its
                only array; an .npy is the array; a .csv, .tsv or .txt has a row for each sample,
                see `tables.read_table`.
            output: name of the array in an .npz; None finds it.
            class_names: in the order that the attack knows; empty where nobody knows them.

        Raises:
            UserError: unreadable, too large, no answers in it, or not numbers.
        """
        if not path.is_file():
            raise UserError("a file with recorded answers", f"{path}, which does not exist")
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"recorded answers of at most {MAX_BYTES} bytes", str(path))
        if path.suffix.lower() in TABLES:
            values, notes = read_table(path, class_names)
            return cls(values, notes=notes)
        if path.suffix.lower() == ".npy":
            return cls.of(_read_npy(path), class_names)
        arrays = load_npz(path)
        told = _told(path, arrays.pop("recording", None))
        repeated, again = (arrays.pop(one, None) if told else None for one in MORE)
        if told.pop("schema_version", SCHEMA_VERSION) < SCHEMA_VERSION:
            again = None
        usual = [name for name in ARRAYS if name in arrays]
        name = output or (usual[0] if usual else next(iter(arrays), ""))
        if told and output not in arrays:
            name = "answers"  # the output was chosen when they were recorded
        if name not in arrays or (not usual and output is None and len(arrays) > 1):
            raise UserError(
                "an array named answers",
                f"{', '.join(arrays) or 'none'} in {path}",
                "Name the array with --output.",
            )
        found = cls.of(arrays[name], () if told else class_names)
        found = replace(found, **told)
        repeated, again = (
            _repeats(path, repeated, found.answers),
            _further(path, again, found.answers),
        )
        return replace(found, repeated=repeated, again=again)


class RecordedSource:
    """A recording as a target: it has answers to the whole probing set and to nothing else.

    Args:
        path: the file.
        asking: names the array in an .npz.
        class_names: in the order that the attack knows; empty where nobody knows them.
    """

    batch: int | None = None

    def __init__(
        self, path: Path, asking: Asking | None = None, class_names: Sequence[str] = ()
    ) -> None:
        output = asking.output if asking else None
        self.recording = Recording.load(path, output, class_names)
        self.name = str(path)
        self.notes = self.recording.notes

    def ask(self, samples: Array, spend: Callable[[int], None]) -> Reply:
        """The recorded answers; nothing is spent. See `Source`."""
        recorded = self.recording.answers
        if len(samples) != len(recorded):
            raise UserError(
                f"answers to all {len(samples)} samples of the probing set",
                f"{len(recorded)} in {self.name}",
            )
        return Reply(recorded, ", ".join(self.recording.versions))


def _read_npy(path: Path) -> Array:
    """A single array, which is as long as the file and holds no objects."""
    try:
        return np.array(np.load(path, mmap_mode="r", allow_pickle=False))
    except Exception as error:  # there is little that a damaged file cannot raise
        raise UserError(
            "a readable .npy of plain numbers (no objects, no pickles)",
            f"{path} ({reason(error, named=False)})",
        ) from error


def _repeats(path: Path, repeated: Array | None, answers: Array) -> Array | None:
    if repeated is None:
        return None
    if repeated.ndim != 3 or repeated.shape[1:] != answers.shape or not len(repeated):
        raise UserError(
            f"repeated answers of shape [repeats, {', '.join(map(str, answers.shape))}]",
            f"{list(repeated.shape)} in {path}",
        )
    flat = checked(repeated.reshape(-1, answers.shape[1]), repeated.shape[0] * repeated.shape[1])
    return flat.reshape(repeated.shape)


def _further(path: Path, again: Array | None, answers: Array) -> Array | None:
    if again is None:
        return None
    if again.shape[1:] != answers.shape[1:] or not 1 <= len(again) <= len(answers):
        raise UserError(
            f"further answers of shape [1 to {len(answers)}, {answers.shape[1]}]",
            f"{list(again.shape)} in {path}",
        )
    return checked(again, len(again), answers.shape[1])


def _told(path: Path, text: Array | None) -> dict[str, Any]:
    """Read the metadata that `save` wrote; empty for a stranger's file."""
    if text is None:
        return {}
    try:
        told = json.loads(str(text))
        version = told.get("schema_version")
        told = (LATER if version == 1 else {}) | told
        kinds = {known.name for known in fields(Recording)} - {"answers", *MORE}
        if version not in range(1, SCHEMA_VERSION + 1) or set(told) != kinds:
            raise ValueError("another schema")
        told["versions"] = tuple(str(version) for version in told["versions"])
        told["notes"] = tuple(str(note) for note in told["notes"])
        told["asked"] = {str(key): str(value) for key, value in told["asked"].items()}
        told["queries"] = int(told["queries"])
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UserError(
            f"a recording of schema version 1 to {SCHEMA_VERSION}", f"{path} ({error})"
        ) from error
    return told
