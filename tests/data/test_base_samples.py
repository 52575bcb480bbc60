"""Old samples: read in every form, refused where they are none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ulk_tf.data import base_samples
from ulk_tf.data.datasets import Dataset, load
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings import presets

COUNT = 40
OLD = np.array([3, 7, 7, 12, 39])
FILES = {
    "a.npy": lambda path: np.save(path, OLD),
    "mask.npy": lambda path: np.save(path, np.isin(np.arange(COUNT), OLD)),
    "a.npz": lambda path: np.savez(path, indices=OLD),
    "a.txt": lambda path: path.write_text("3 7\n12\n39\n"),
}


def data(seen: Array | None = None) -> Dataset:
    samples = np.zeros((COUNT, 2), np.float32)
    return Dataset("toy", samples, np.arange(COUNT, dtype=np.int32) % 2, ("a", "b"), seen)


def read(dataset: Dataset, **flags: Any) -> dict[str, Array | None]:
    experiment = presets.experiment("li", base_model="m.keras", **flags)
    return base_samples.old_samples(experiment, dataset, dataset)


@pytest.mark.parametrize("name", FILES)
def test_every_form_is_the_same_positions(name: str, tmp_path: Path) -> None:
    FILES[name](tmp_path / name)
    found = read(data(), base_samples=str(tmp_path / name))
    assert list(found) == ["owner"] and found["owner"] is not None
    np.testing.assert_array_equal(found["owner"], np.unique(OLD))
    assert found["owner"].dtype == np.int32


def test_the_data_set_marks_them_and_the_flag_wins(tmp_path: Path) -> None:
    seen = np.arange(COUNT) < 5
    found = read(data(seen), shadow_base_model="m.keras")
    assert found.keys() == {"owner", "adversary"}
    for one in found.values():
        np.testing.assert_array_equal(one, np.arange(5))
    given = read(data(seen), base_samples=base_samples.give(OLD))["owner"]
    np.testing.assert_array_equal(given, np.unique(OLD))
    assert read(data())["owner"] is None


def test_seen_of_a_file_is_read_and_must_be_boolean(tmp_path: Path) -> None:
    arrays = {"vectors": np.eye(4), "labels": np.array([0, 1, 0, 1])}
    np.savez(tmp_path / "own.npz", **arrays, seen=np.array([True, False, True, False]))
    loaded = load(str(tmp_path / "own.npz"), None, tmp_path)
    assert loaded.seen is not None and loaded.seen.tolist() == [True, False, True, False]
    np.savez(tmp_path / "own.npz", **arrays, seen=np.ones(4))
    with pytest.raises(UserError, match=r"'seen' as booleans.*Received float64 \[4\]"):
        load(str(tmp_path / "own.npz"), None, tmp_path)


def test_positions_in_another_data_set_are_not_taken_over() -> None:
    own, other = data(), data()
    experiment = presets.experiment(
        "li", base_model="m.keras", base_samples=base_samples.give(OLD), shadow_base_model="n.keras"
    )
    found = base_samples.old_samples(experiment, own, other)
    assert found["owner"] is not None and found["adversary"] is None


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        ([-1, 3], "from 0 to 39.*Received -1 to 3"),
        ([3, 40], "from 0 to 39.*Received 3 to 40"),
        (range(COUNT), "has not seen. Received all 40"),
        ([True] * 39, "one boolean for each of the 40 samples"),
        ([0.5, 1.5], "whole numbers"),
        ([[1, 2]], r"whole numbers of shape \[n\]"),
        ([], "whole numbers"),
    ],
)
def test_positions_that_are_none(samples: Any, told: str) -> None:
    with pytest.raises(UserError, match=told):
        read(data(), base_samples=base_samples.give(np.array(samples)))


def _header_of_a_terabyte(path: Path) -> None:
    with path.open("wb") as file:
        header = {"descr": "<i8", "fortran_order": False, "shape": (2**37,)}
        np.lib.format.write_array_header_1_0(file, header)


@pytest.mark.parametrize(
    ("name", "write", "told"),
    [
        ("gone.npy", lambda path: None, "No such file"),
        ("a.csv", lambda path: path.write_text("1"), r"\.npy, \.npz or \.txt"),
        ("a.txt", lambda path: path.write_text("one two"), "invalid literal"),
        ("a.txt", lambda path: path.write_text("1 " * 10**6), "at most 40 positions"),
        ("a.npy", lambda path: np.save(path, np.array([{}]), allow_pickle=True), "Expected"),
        ("a.npz", lambda path: np.savez(path, a=OLD, b=OLD), "one array.*Received 2"),
        ("a.npy", _header_of_a_terabyte, "Expected"),
    ],
)
def test_files_that_hold_none(name: str, write: Any, told: str, tmp_path: Path) -> None:
    write(tmp_path / name)
    with pytest.raises(UserError, match=told):
        read(data(), base_samples=str(tmp_path / name))
