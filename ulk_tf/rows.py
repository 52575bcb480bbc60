"""Rows on disk: arrays that would fill the memory, of which some rows are read at a time."""

import math
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ulk_tf.files import Array

# Bytes of an array that is held in memory; a larger one is written to disk.
IN_MEMORY = 128 * 2**20


class StoredRows:
    """Rows of one shape in a file without a name; only the rows that are read take memory.

    The file is not memory-mapped: whatever was read of a mapped file counts as memory of the
    process. It disappears with the object, and with the process.

    Args:
        shape: shape of a row.
        dtype: type of the values.
        folder: folder of the file; it must exist. The system's for such files when None.

    Example:
        >>> rows = StoredRows((2,), np.float32)
        >>> rows.append(np.arange(6, dtype=np.float32).reshape(3, 2))
        >>> rows[np.array([2, 0])].tolist()
        [[4.0, 5.0], [0.0, 1.0]]
    """

    def __init__(
        self, shape: tuple[int, ...], dtype: npt.DTypeLike, folder: Path | None = None
    ) -> None:
        self._row, self.dtype, self._count = tuple(shape), np.dtype(dtype), 0
        # Unbuffered: what was appended can be read at once.
        self._file = tempfile.TemporaryFile(buffering=0, dir=folder)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._bytes = math.prod(self._row) * self.dtype.itemsize

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows, then the shape of a row."""
        return (self._count, *self._row)

    def __len__(self) -> int:
        return self._count

    def append(self, rows: Array) -> None:
        """Write rows [n, *shape] after the others, as `dtype`."""
        if rows.shape[1:] != self._row:
            raise ValueError(f"Expected rows of shape {self._row}. Received {rows.shape[1:]}.")
        left = np.ascontiguousarray(rows, self.dtype).reshape(-1).view(np.uint8).data
        while left:
            left = left[self._file.write(left) :]
        self._count += len(rows)

    def __getitem__(self, key: Any) -> Array:
        """Read rows by number, slice, mask or array of numbers, as NumPy would."""
        rows = key if isinstance(key, np.ndarray) and key.dtype.kind in "iu" else None
        if rows is None:
            rows = np.arange(self._count)[key]
        elif rows.size and not -self._count <= rows.min() <= rows.max() < self._count:
            raise IndexError(f"Expected row numbers below {self._count}. Received {rows}.")
        found = self._read(np.where(rows < 0, rows + self._count, rows).reshape(-1))
        return found.reshape(*rows.shape, *self._row)

    def __iter__(self) -> Iterator[Array]:
        return (self[number] for number in range(self._count))

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        """Read everything."""
        del copy
        return self[:].astype(dtype or self.dtype, copy=False)

    def _read(self, rows: Array) -> Array:
        found = np.empty((len(rows), *self._row), self.dtype)
        if not found.size:
            return found
        plain = found.reshape(-1).view(np.uint8).data
        # Neighbours on disk are read at once.
        starts = np.flatnonzero(np.diff(rows, prepend=rows[0] - 2) != 1).tolist()
        for start, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
            left = plain[start * self._bytes : stop * self._bytes]
            place = int(rows[start]) * self._bytes
            while left:
                count = os.preadv(self._file.fileno(), [left], place)
                if not count:
                    raise OSError("a file of rows is shorter than it was written")
                left, place = left[count:], place + count
        return found


Rows = Array | StoredRows


def stacked(parts: Iterable[Array], count: int, folder: Path | None = None) -> Rows:
    """Concatenate arrays: in memory, or on disk if they are larger than `IN_MEMORY`.

    Args:
        parts: arrays [n, ...] of one type and shape of a row; at least one.
        count: rows in all of them.
        folder: folder of the file, if there is one.
    """
    waiting = iter(parts)
    first = next(waiting)
    shape, dtype = first.shape[1:], first.dtype
    if math.prod((count, *shape)) * dtype.itemsize > IN_MEMORY:
        stored = StoredRows(shape, dtype, folder)
        stored.append(first)
        for part in waiting:
            stored.append(part)
        return stored
    held, done = np.empty((count, *shape), dtype), len(first)
    held[:done] = first
    for part in waiting:
        held[done : done + len(part)] = part
        done += len(part)
    return held
