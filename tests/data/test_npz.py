"""A user's own .npz: images and vectors are taken as they are, and all else is refused."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ulk_tf.data.datasets import Dataset, load
from ulk_tf.errors import UserError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (6, 4, 5), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)
VECTORS = RNG.normal(size=(6, 7))
LABELS = np.array([0, 1, 2, 0, 1, 2])
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes arrays to a file of the user's."""

    def write(**arrays: Any) -> Path:
        path = tmp_path / "own.npz"
        np.savez(path, **arrays)
        return path

    return write


def loaded(path: Path) -> Dataset:
    return load(str(path), None, path.parent / "cache")


def test_grey_images_get_a_channel(write: Write) -> None:
    dataset = loaded(write(images=GREY, labels=LABELS))
    np.testing.assert_array_equal(dataset.samples, GREY[..., np.newaxis])
    np.testing.assert_array_equal(dataset.labels, LABELS)
    assert dataset.labels.dtype == np.int32
    assert dataset.class_names == ("0", "1", "2") and dataset.name == "own"


@pytest.mark.parametrize("labels", [LABELS.astype(np.uint8), LABELS.astype(np.int64)])
def test_colour_images_and_any_whole_labels(write: Write, labels: np.ndarray) -> None:
    dataset = loaded(write(images=COLOUR, labels=labels, class_names=["x", "y", "z", "unseen"]))
    np.testing.assert_array_equal(dataset.samples, COLOUR)
    assert dataset.class_names == ("x", "y", "z", "unseen")


def test_images_of_floats_are_stretched(write: Write) -> None:
    floats = GREY.astype(np.float32) / 255
    dataset = loaded(write(images=floats, labels=LABELS))
    assert dataset.samples.dtype == np.uint8
    np.testing.assert_array_equal(dataset.samples[..., 0], GREY)


@pytest.mark.parametrize("kind", [np.float64, np.int16, np.uint8])
def test_vectors_become_float32(write: Write, kind: type) -> None:
    vectors = (VECTORS * 40 + 100).astype(kind)
    dataset = loaded(write(vectors=vectors, labels=LABELS))
    assert dataset.samples.dtype == np.float32 and not dataset.is_image
    np.testing.assert_array_equal(dataset.samples, vectors.astype(np.float32))


def test_other_arrays_are_left_unread(write: Write) -> None:
    notes = np.array([{"a": 1}], dtype=object)
    assert loaded(write(vectors=VECTORS, labels=LABELS, notes=notes)).classes == 3


UNUSABLE = [
    pytest.param(
        {"labels": LABELS}, "either 'images' or 'vectors'.*Received neither", id="no samples"
    ),
    pytest.param({"images": GREY}, r"arrays named labels.*\(labels missing\)", id="no labels"),
    pytest.param({"x": GREY, "y": LABELS}, "Received x, y", id="other names"),
    pytest.param(
        {"images": GREY, "vectors": VECTORS, "labels": LABELS},
        "Received images and vectors",
        id="both kinds",
    ),
    pytest.param(
        {"images": GREY, "labels": LABELS[:4]}, "Received 4 labels, 6 samples", id="mixed lengths"
    ),
    pytest.param(
        {"images": GREY[:1], "labels": LABELS[:1]}, "at least two samples", id="one sample"
    ),
    pytest.param({"images": GREY[:0], "labels": LABELS[:0]}, "at least two samples", id="none"),
    pytest.param({"images": np.uint8(3), "labels": LABELS}, "at least two samples", id="a number"),
    pytest.param({"vectors": VECTORS[:, :0], "labels": LABELS}, "at least two samples", id="empty"),
    pytest.param({"images": VECTORS, "labels": LABELS}, "'images' of shape", id="flat images"),
    pytest.param(
        {"images": COLOUR[..., :2], "labels": LABELS},
        r"1 or 3\]. Received \(6, 4, 5, 2\)",
        id="two channels",
    ),
    pytest.param(
        {"images": GREY.astype(np.int64), "labels": LABELS}, "Received int64", id="wide integers"
    ),
    pytest.param(
        {"images": GREY * 1.0, "labels": LABELS},
        "floats from 0 to 248. Write images.astype",
        id="0 to 255",
    ),
    pytest.param(
        {"images": np.full((6, 4, 5), np.nan), "labels": LABELS},
        "floats from nan to nan. Leave out samples with gaps",
        id="NaN pixels",
    ),
    pytest.param(
        {"vectors": np.where(VECTORS > 1, np.nan, VECTORS), "labels": LABELS},
        "Received nan to nan",
        id="NaN",
    ),
    pytest.param(
        {"vectors": np.where(VECTORS > 1, np.inf, VECTORS), "labels": LABELS},
        "to inf",
        id="infinity",
    ),
    pytest.param({"vectors": VECTORS * 1e20, "labels": LABELS}, "from -1e.15 to 1e.15", id="huge"),
    pytest.param({"vectors": GREY, "labels": LABELS}, "'vectors' as numbers", id="deep vectors"),
    pytest.param(
        {"vectors": VECTORS.astype(str), "labels": LABELS}, "'vectors' as numbers", id="text"
    ),
    pytest.param({"vectors": VECTORS + 1j, "labels": LABELS}, "'vectors' as numbers", id="complex"),
    pytest.param({"images": GREY, "labels": LABELS * 1.0}, "whole numbers", id="float labels"),
    pytest.param({"images": GREY, "labels": LABELS.astype(str)}, "whole numbers", id="text labels"),
    pytest.param({"images": GREY, "labels": LABELS[:, None]}, "whole numbers", id="deep labels"),
    pytest.param({"images": GREY, "labels": LABELS - 1}, "Received -1 to 1", id="negative labels"),
    pytest.param(
        {"images": GREY, "labels": LABELS * 10**9}, "at most 10000", id="labels without end"
    ),
    pytest.param(
        {"images": GREY, "labels": LABELS * 0}, "from two to 10000 classes", id="one class"
    ),
    pytest.param(
        {"images": GREY, "labels": LABELS, "class_names": ["a", "b"]},
        "labels from 0 to 1, as 'class_names' has it. Received 2",
        id="labels outside the classes",
    ),
    pytest.param(
        {"images": GREY, "labels": LABELS, "class_names": ["a", "b", "a"]},
        "that all differ",
        id="names twice",
    ),
    pytest.param(
        {"images": GREY, "labels": LABELS, "class_names": [1, 2, 3]},
        "as strings",
        id="number names",
    ),
    pytest.param(
        {"images": np.array([GREY, None], dtype=object), "labels": LABELS},
        r"no objects, no pickles.*Save numbers or text: array\.astype",
        id="objects",
    ),
]


# Arrays that cannot be used, each with the line of code that the error names and that mends it.
LINES = {
    "float labels": ("labels", LABELS * 1.0, "labels.astype(np.int32)"),
    "fractions": ("labels", LABELS + 0.5, "np.unique(labels, return_inverse=True)"),
    "gaps": ("labels", np.where(LABELS, LABELS, np.nan), "np.unique(labels, return_inverse=True)"),
    "labels from -1": ("labels", LABELS - 1, "np.unique(labels, return_inverse=True)"),
    "numbers of years": ("labels", LABELS + 10_000, "np.unique(labels, return_inverse=True)"),
    "text": ("labels", LABELS.astype(str), "np.unique(labels, return_inverse=True)"),
    "bytes": ("labels", LABELS.astype("S"), "np.unique(labels.astype(str), return_inverse=True)"),
    "truths": ("labels", LABELS > 0, "labels.astype(np.int32)"),
    "one-hot": ("labels", np.eye(3)[LABELS], "labels.argmax(1)"),
    "0 to 255": ("images", GREY * 1.0, "images.astype(np.uint8)"),
    "wide": ("images", GREY.astype(np.int64), "images.astype(np.uint8)"),
    "-1 to 1": ("images", GREY / 127.5 - 1, "np.rint((images - images.min()) / np.ptp(images) *"),
    "16 bits": ("images", GREY.astype(np.uint16) * 257, "np.rint((images - images.min()) / np.pt"),
    "black and white": ("images", GREY > 99, "images.astype(np.uint8) * 255"),
    "channels first": ("images", np.moveaxis(COLOUR, -1, 1), "np.moveaxis(images, 1, -1)"),
    "alpha": ("images", np.concatenate([COLOUR, COLOUR[..., :1]], -1), "images[..., :3]"),
}


@pytest.mark.parametrize("fault", LINES)
def test_the_line_to_write_is_named_and_works(write: Write, fault: str) -> None:
    name, values, line = LINES[fault]
    arrays = {"images": GREY, "labels": LABELS} | {name: values}
    with pytest.raises(UserError) as refused:
        loaded(write(**arrays))
    told = refused.value.remedy
    assert line in told
    code = told.removeprefix("Write ").split(", or ")[0].split(", and ")[0].split(" for one")[0]
    made = eval(code.removeprefix("names, labels = ").removesuffix("."), {"np": np, name: values})
    loaded(write(**arrays | {name: made[1] if isinstance(made, tuple) else made}))


@pytest.mark.parametrize(("arrays", "told"), UNUSABLE)
def test_unusable_data_is_refused(write: Write, arrays: dict[str, Any], told: str) -> None:
    path = write(**arrays)
    with pytest.raises(UserError, match=told):
        loaded(path)
    assert list(path.parent.iterdir()) == [path]


class Bomb:
    """What a pickle can do when it is loaded."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return pytest.fail, ("a pickle was loaded",)


def test_pickles_are_never_loaded(tmp_path: Path, write: Write) -> None:
    with pytest.raises(UserError, match="no pickles"):
        loaded(write(images=np.array([Bomb(), Bomb()], dtype=object), labels=LABELS[:2]))
    for content in (pickle.dumps(Bomb()), b"", b"PK\x03\x04 not a zip"):
        path = tmp_path / "strange.npz"
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"readable \.npz"):
            loaded(path)


def test_a_truncated_file_is_refused(write: Write) -> None:
    path = write(images=GREY, labels=LABELS)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"readable \.npz"):
        loaded(path)


@pytest.mark.parametrize("name", ["absent.npz", "folder.npz"])
def test_a_file_must_be_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(UserError, match=rf"existing \.npz file. Received .*{name}"):
        loaded(tmp_path / name)
