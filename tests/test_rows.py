"""Rows on disk: read as NumPy reads an array."""

import gc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, basic_indices, integer_array_indices

from ulk_tf import rows
from ulk_tf.rows import StoredRows, stacked

VALUES = np.random.default_rng(0).normal(size=(11, 2, 3)).astype(np.float32)


def stored(folder: Path | None = None) -> StoredRows:
    found = StoredRows((2, 3), np.float32, folder)
    for start, stop in ((0, 4), (4, 4), (4, 11)):
        found.append(VALUES[start:stop])
    return found


@given(
    st.one_of(
        basic_indices((11,), allow_newaxis=False, allow_ellipsis=False).map(
            lambda key: key[0] if isinstance(key, tuple) and len(key) == 1 else key
        ),
        integer_array_indices((11,)).map(lambda key: key[0]),
        arrays(bool, 11),
    ).filter(lambda key: not isinstance(key, tuple))
)
def test_rows_are_read_as_numpy_reads_them(key: object) -> None:
    np.testing.assert_array_equal(stored()[key], VALUES[key])


def test_rows_are_an_array() -> None:
    found = stored()
    assert (found.shape, len(found), found.dtype) == (VALUES.shape, 11, np.float32)
    np.testing.assert_array_equal(np.asarray(found), VALUES)
    np.testing.assert_array_equal(np.stack(list(found)), VALUES)
    with pytest.raises(IndexError):
        found[np.array([11])]
    with pytest.raises(ValueError, match="rows of shape"):
        found.append(VALUES[:, :1])


def test_a_file_of_rows_is_never_seen_and_goes_with_its_object(tmp_path: Path) -> None:
    found = stored(tmp_path)
    assert list(tmp_path.iterdir()) == []
    opened = len(list(Path("/proc/self/fd").iterdir()))
    del found
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) == opened - 1


def test_rows_lie_beyond_what_32_bits_count() -> None:
    found = StoredRows((2**20,), np.int8)
    last = np.arange(2**20).astype(np.int8)
    found._file.seek(4500 * 2**20)  # a hole, which takes no room
    found.append(last[None])
    found._count = 4501
    np.testing.assert_array_equal(found[np.array([4500, 0], np.int32)], [last, 0 * last])


@pytest.mark.parametrize(("limit", "kind"), [(VALUES.nbytes, np.ndarray), (100, StoredRows)])
def test_large_arrays_lie_on_disk(
    limit: int, kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "IN_MEMORY", limit)
    found = stacked(iter([VALUES[:5], VALUES[5:]]), 11, tmp_path)
    assert isinstance(found, kind)
    np.testing.assert_array_equal(found, VALUES)
