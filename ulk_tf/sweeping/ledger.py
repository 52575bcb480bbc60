"""Ledger of a sweep: what was measured, one JSON file that is written after each setting.

A sweep that was stopped goes on with what is missing. An entry counts only for the experiment that
it was measured with, and for the same content of the files and classes that this one names.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ulk_tf.corpus.locks import locked
from ulk_tf.errors import UserError
from ulk_tf.files import digest, read_json, write_json
from ulk_tf.settings.experiment import Experiment
from ulk_tf.settings.keys import SILENT, run_key

SCHEMA_VERSION = 1
# Part of an entry's key: raise it where the same settings are measured otherwise.
MEASURED_VERSION = 2
Entry = dict[str, Any]


def read_entries(path: Path) -> dict[str, Entry]:
    """Read the file of a ledger.

    Args:
        path: path of the JSON file.

    Returns:
        The entries by name.

    Raises:
        UserError: it is another file, or of another version.
    """
    found = read_json(path)
    if not isinstance(found, dict) or found.get("schema_version") != SCHEMA_VERSION:
        raise UserError(
            f"a sweep of schema {SCHEMA_VERSION} in {path}",
            "something else",
            "Move it away to measure anew.",
        )
    return dict(found["entries"])


class Ledger:
    """Ledger of the sweeps of one attack in one folder, which may be at work on it side by side.

    Args:
        path: path of the JSON file.
        content: gives a digest of what an experiment only names, such as a user's files and code;
            empty if it names nothing.
    """

    def __init__(self, path: Path, content: Callable[[Experiment], str] = lambda _: "") -> None:
        self.path = path
        self._content = content
        self._entries()  # a file that is none is told now

    def find(self, name: str, experiment: Experiment) -> Entry | None:
        """Return what was measured under a name; None if it was of another experiment."""
        entry = self._entries().get(name)
        return entry if entry and entry["key"] == self._key(experiment) else None

    def add(self, name: str, experiment: Experiment, entry: Entry) -> Entry:
        """Write an entry down, and return it with its key.

        Args:
            name: name of the setting, and whose adversary it is.
            experiment: settings that it was measured with.
            entry: JSON values.
        """
        own = {"key": self._key(experiment)} | entry
        with locked(self.path.parent, wait=True):
            entries = self._entries() | {name: own}
            write_json(self.path, {"schema_version": SCHEMA_VERSION, "entries": entries})
        return own

    def _entries(self) -> dict[str, Entry]:
        return read_entries(self.path) if self.path.exists() else {}

    def _key(self, experiment: Experiment) -> str:
        """Digest of what decides a result; folders and execution do not."""
        key = run_key(experiment)
        content = self._content(experiment)
        settings = {name: key[name] for name in key if name not in SILENT}
        return digest(MEASURED_VERSION, settings, *filter(None, [content]))[:16]
