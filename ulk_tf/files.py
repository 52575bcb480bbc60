"""Files: atomic writes, safe reads of .npz and JSON, and digests."""

import hashlib
import json
import math
import os
import secrets
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ulk_tf.errors import UserError
from ulk_tf.machine import memory

Array = npt.NDArray[Any]


def check_folder(folder: Path, flag: str) -> None:
    """Raise `UserError` unless files can be written to `folder`; create nothing.

    Args:
        folder: the folder; it need not exist yet.
        flag: flag that named the folder, for the message.
    """
    try:
        existing = folder.absolute()
        while not existing.exists() and existing != existing.parent:
            existing = existing.parent
        # Try it: permission bits mean nothing to root, nor on a read-only disk.
        with tempfile.TemporaryDirectory(prefix=".try-", dir=existing) as tried:
            path = Path(tried) / "file"
            with path.open("wb") as file:
                os.fsync(file.fileno())
            path.rename(path.with_name("renamed"))  # files are renamed when they are whole
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(
            f"a folder for {flag} that can be written to", f"{folder} ({reason})"
        ) from error


OBJECTS = "Save numbers or text: array.astype(np.float32), or array.astype(str)."


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is synced and renamed onto `path`.

    A process that is killed leaves either the old file or the new one. After an exception the
    temporary file is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name}.{secrets.token_hex(4)}.tmp"
    # Not `tempfile`, whose files only their owner can read: the user's umask must apply.
    temporary.touch(0o666, exist_ok=False)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, completely or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON, completely or not at all; NaN raises `ValueError`."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def read_json(path: Path, limit: int = 64 * 2**20) -> Any:
    """Read a JSON file of at most `limit` bytes.

    Raises:
        UserError: the file is missing, too large or not JSON.
    """
    try:
        if path.stat().st_size > limit:
            raise UserError(f"a JSON file of at most {limit} bytes", f"{path}, which is larger")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError("a readable JSON file", f"{path} ({error})") from error


def save_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays as an uncompressed .npz, completely or not at all; equal arrays, equal bytes."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_npz(
    path: Path, names: tuple[str, ...] = (), optional: tuple[str, ...] = ()
) -> dict[str, Array]:
    """Read a .npz file without pickles, after checking that its arrays fit into memory.

    Args:
        path: path of the file.
        names: arrays that must exist; if `names` and `optional` are empty, all arrays are read.
        optional: arrays that are read if they exist.

    Returns:
        The arrays by name.

    Raises:
        UserError: the file is missing, damaged or too large, lacks an array, or holds pickled
            objects.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            have = [name.removesuffix(".npy") for name in archive.namelist()]
            missing = [name for name in names if name not in have]
            if missing:
                raise UserError(
                    f"arrays named {', '.join(names)} in {path}",
                    f"{', '.join(have) or 'none'} ({', '.join(missing)} missing)",
                )
            wanted = [name for name in names + optional if name in have]
            if not names + optional:
                wanted = have
            _check_members(path, archive, wanted)
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in wanted}
    except UserError:
        raise
    except Exception as error:  # a damaged archive raises many types
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(
            "a readable .npz of plain arrays (no objects, no pickles)",
            f"{path} ({reason})",
            OBJECTS if "holds objects" in reason else "",
        ) from error


def memory_limit() -> int:
    """Return the bytes that data may occupy: half of the memory that this process may use."""
    return memory() // 2


def _check_members(path: Path, archive: zipfile.ZipFile, names: list[str]) -> None:
    """Check the header of each array against its size, before memory is allocated for it."""
    members = [archive.getinfo(f"{name}.npy") for name in names]
    total, limit = sum(member.file_size for member in members), memory_limit()
    if total > limit:
        raise UserError(
            f"arrays of at most {limit / 2**30:.1f} GiB (half of this machine's memory)",
            f"{total / 2**30:.1f} GiB in {path}",
        )
    for member in members:
        with archive.open(member) as stream:
            shape, dtype = _header(stream)
            count = math.prod(shape)
            if dtype.hasobject:
                raise ValueError(f"{member.filename} holds objects")
            # An empty file could declare an array of any length with elements of zero bytes.
            if count and not dtype.itemsize:
                raise ValueError(f"{member.filename} has elements of no size")
            left = member.file_size - stream.tell()
            if min(shape, default=0) < 0 or count * dtype.itemsize != left:
                raise ValueError(f"{member.filename} is not as long as its shape {shape} requires")


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"an array of unknown format {version}")
    shape, _, dtype = readers[version](stream)
    return shape, dtype


def sha256_file(path: Path) -> str:
    """Compute the sha256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(*parts: object) -> str:
    """Compute a sha256 over arrays (type, shape, bytes) and JSON-able values, in order.

    It is the key of corpora, base models and probing sets.

    Args:
        *parts: arrays and JSON-able values.
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
