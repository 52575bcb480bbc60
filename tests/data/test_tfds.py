"""Data of TFDS: decoded once, kept while it is what it was, refused where it cannot be used.

The data sets are made here; nothing is asked of a network.
"""

import importlib.util
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
import tensorflow_datasets as tfds

from tests.data import makers
from tests.data.makers import IMAGES, LABELS
from ulk_tf.data import download
from ulk_tf.data import tfds as loading
from ulk_tf.data.datasets import Dataset, load
from ulk_tf.errors import UserError


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every request fails; which were made is remembered."""
    asked: list[str] = []

    def refuse(self: requests.Session, request: requests.PreparedRequest, **_: Any) -> None:
        asked.append(str(request.url))
        raise requests.ConnectionError("no network in tests")

    monkeypatch.setattr(requests.Session, "send", refuse)
    return asked


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data_dir in which a data set is prepared."""
    folder = tmp_path_factory.mktemp("tfds")
    load("ulk_pets", str(folder), folder / "unused")
    shutil.rmtree(folder / "unused")
    return folder


def pets_of(data_dir: Path, cache: Path) -> Dataset:
    return load("ulk_pets", str(data_dir), cache)


def test_train_and_test_split_one_after_the_other(pets: Path, tmp_path: Path) -> None:
    seen: list[int] = []
    dataset = load("ulk_pets", str(pets), tmp_path, seen.append)
    assert seen == [7]
    assert dataset.class_names == ("cat", "dog") and dataset.name == "ulk_pets"
    assert dataset.samples.dtype == np.uint8 and dataset.labels.dtype == np.int32
    # TFDS shuffles inside a split when it prepares one.
    for part in (slice(0, 5), slice(5, 7)):
        got = {(s.tobytes(), int(n)) for s, n in zip(*at(dataset, part), strict=True)}
        made = {(s.tobytes(), int(n)) for s, n in zip(IMAGES[part], LABELS[part], strict=True)}
        assert got == made


def at(dataset: Dataset, part: slice) -> tuple[np.ndarray, np.ndarray]:
    return dataset.samples[part], dataset.labels[part]


def reread() -> Any:
    """TFDS's constants, as a new process would find them."""
    specification = importlib.util.find_spec("tensorflow_datasets.core.constants")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_tfds_data_dir_is_where_data_is(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # TFDS reads the variable once, when it is imported.
    monkeypatch.setenv("TFDS_DATA_DIR", str(pets))
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", reread().DATA_DIR)
    assert len(load("ulk_pets", None, tmp_path).labels) == 7


def test_images_are_decoded_once(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pets_of(pets, tmp_path)
    (cached,) = tmp_path.iterdir()
    with monkeypatch.context() as patched:
        patched.setattr(loading, "_examples", lambda *_: pytest.fail("decoded again"))
        again = pets_of(pets, tmp_path)
    assert again.fingerprint == first.fingerprint
    # A damaged copy is made again.
    sound = cached.read_bytes()
    cached.write_bytes(sound[:-50])
    assert pets_of(pets, tmp_path).fingerprint == first.fingerprint
    assert cached.read_bytes() == sound


def test_other_data_in_the_same_place_is_not_taken_for_the_cached(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "data"
    before = pets_of(moved, tmp_path / "cache")
    shutil.rmtree(moved)
    monkeypatch.setattr(makers, "IMAGES", 255 - IMAGES)
    after = pets_of(moved, tmp_path / "cache")
    np.testing.assert_array_equal(np.sort(after.samples, 0), np.sort(255 - before.samples, 0))


@pytest.mark.parametrize("fault", ["truncated", "missing", "flipped"])
def test_damaged_records_are_told(pets: Path, tmp_path: Path, fault: str) -> None:
    shutil.copytree(pets, tmp_path / "data")
    (record,) = (tmp_path / "data").rglob("*train.tfrecord*")
    content = bytearray(record.read_bytes())
    if fault == "missing":
        record.unlink()
    else:
        content[len(content) // 2] ^= 1
        record.write_bytes(content if fault == "flipped" else content[: len(content) // 2])
    with pytest.raises(UserError, match=r"readable data of ulk_pets.*tfds build ulk_pets"):
        pets_of(tmp_path / "data", tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_folder_that_tfds_did_not_finish(tmp_path: Path) -> None:
    (tmp_path / "ulk_pets" / "1.0.0").mkdir(parents=True)
    with pytest.raises(UserError, match=r"without dataset_info\.json\. Remove or rename it"):
        pets_of(tmp_path, tmp_path / "cache")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ulk_unequal", r"image: \(None, None, 3\)"),
        ("ulk_unlabelled", "label: NoneType"),
        ("ulk_text", "equally large images"),
        ("ulk_wide", "equally large images"),
        ("ulk_other", "a split of train or test.*Received ulk_other with 0 images"),
        ("ulk_nothing_of_that_name", "image-classification name of TFDS or a .npz file"),
        ("ulk_pets/no_such_config", "Received 'ulk_pets/no_such_config'"),
        ("ulk_pets:9.9.9", "Received 'ulk_pets:9.9.9'"),
        ("huggingface:cifar10", "Received 'huggingface:cifar10'"),
        ("../ulk_pets", "Received '../ulk_pets'"),
        ("", "Received ''"),
    ],
)
def test_what_is_no_set_of_labelled_images(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        load(name, str(tmp_path), tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_images_that_would_not_fit_into_memory(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "memory_limit", lambda: IMAGES.nbytes - 1)
    with pytest.raises(UserError, match=r"within half of this machine's memory.*with 7 images"):
        pets_of(pets, tmp_path)


def test_sizes_are_checked_before_images_are_decoded(pets: Path, tmp_path: Path) -> None:
    def refuse(samples: int) -> None:
        raise UserError("more", samples)

    with pytest.raises(UserError, match="Received 7"):
        load("ulk_pets", str(pets), tmp_path, refuse)
    assert not any(tmp_path.iterdir())


def test_no_network_is_told_with_both_ways_out(tmp_path: Path, no_network: list[str]) -> None:
    told = r"ConnectionError\)\. Either connect .* or give --data_dir .*tfds build ulk_served"
    with pytest.raises(UserError, match=told):
        load("ulk_served", str(tmp_path / "data"), tmp_path / "cache")
    assert no_network == ["https://data.invalid/pets.zip"]
    assert not any(tmp_path.iterdir())


def test_a_server_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silence = threading.Event()

    def wait(*_: Any, **__: Any) -> None:
        silence.wait(5)
        raise requests.ConnectionError

    monkeypatch.setattr(download, "CHECK", 0.05)
    monkeypatch.setattr(requests.Session, "send", wait)
    with pytest.raises(UserError, match=r"no answer from https://data\.invalid/pets\.zip within"):
        load("ulk_served", str(tmp_path), tmp_path / "cache")
    silence.set()


def test_a_download_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"neither \(OSError: the connection broke"):
        load("ulk_breaking", str(tmp_path / "data"), tmp_path / "cache")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not (tmp_path / "data" / "ulk_breaking").exists()
