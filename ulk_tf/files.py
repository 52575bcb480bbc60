"""Files that appear whole or not at all, and the digests by which they are found again."""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ulk_tf.errors import UserError

Array = npt.NDArray[Any]


def check_folder(folder: Path, flag: str) -> None:
    """Raise `UserError` unless `folder` can be created or written into.

    Args:
        folder: where files will be written; need not exist yet.
        flag: the flag that named it, for the message.
    """
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise UserError(f"a folder for {flag} that can be written to", f"{folder}")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is synced and renamed onto `path`.

    A kill at any moment leaves either the old file or the new one. A failure removes the
    temporary file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON, whole or not at all; NaN is refused."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def read_json(path: Path, limit: int = 64 * 2**20) -> Any:
    """Read a JSON file of at most `limit` bytes.

    Raises:
        UserError: it is missing, too large or not JSON.
    """
    try:
        if path.stat().st_size > limit:
            raise UserError(f"a JSON file of at most {limit} bytes", f"{path}, which is larger")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError("a readable JSON file", f"{path} ({error})") from error


def save_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays as an uncompressed npz, whole or not at all; equal arrays, equal bytes."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_npz(path: Path, names: tuple[str, ...] = ()) -> dict[str, Array]:
    """Read an npz without pickles.

    Args:
        path: the file.
        names: arrays that must be there; empty reads whatever is.

    Returns:
        The arrays by name: those asked for, or all.

    Raises:
        UserError: missing, damaged, lacking an array, or holding pickled objects.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in names if name not in archive.files]
            if missing:
                have = ", ".join(archive.files) or "none"
                raise UserError(
                    f"arrays named {', '.join(names)} in {path}",
                    f"{have} ({', '.join(missing)} missing)",
                )
            return {name: archive[name] for name in names or archive.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        reason = str(error) or type(error).__name__
        raise UserError(
            "a readable .npz of plain arrays (no objects, no pickles)", f"{path} ({reason})"
        ) from error


def sha256_file(path: Path) -> str:
    """The hexadecimal sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(*parts: object) -> str:
    """A sha256 over arrays (type, shape, bytes) and JSON-able values, in order.

    It is what corpora, base models and probing sets are found by: equal parts, equal digest.
    """
    state = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            state.update(f"array {part.dtype.str} {part.shape}".encode())
            state.update(np.ascontiguousarray(part).tobytes())
        else:
            state.update(b"json " + json.dumps(part, sort_keys=True, allow_nan=False).encode())
        state.update(b"\x00")
    return state.hexdigest()
