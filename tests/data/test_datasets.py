"""Data sets: digits as they are, samples scaled for scoring, and names that are safe in paths."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from ulk_tf.data.datasets import Dataset, load, short_name
from ulk_tf.errors import UserError

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4, 1)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits", None, Path("unused"))


def test_digits_are_those_of_scikit_learn(digits: Dataset) -> None:
    original = load_digits()
    assert digits.samples.shape == (1797, 8, 8, 1) and digits.samples.dtype == np.uint8
    np.testing.assert_allclose(
        digits.scaled(np.arange(1797))[..., 0], original.images / 16, atol=2e-3
    )
    np.testing.assert_array_equal(digits.labels, original.target)
    assert digits.labels.dtype == np.int32
    assert digits.class_names == tuple("0123456789")
    assert digits.is_image and digits.sample_shape == (8, 8, 1) and digits.classes == 10


def test_digits_write_nothing(tmp_path: Path) -> None:
    load("digits", None, tmp_path / "cache")
    assert not any(tmp_path.iterdir())


def test_sizes_are_checked_once_they_are_known() -> None:
    seen: list[int] = []
    load("digits", None, Path("unused"), seen.append)
    assert seen == [1797]


def test_images_are_scaled_by_the_range_of_a_pixel() -> None:
    dataset = Dataset("x", IMAGES, np.array([0, 1], np.int32), ("a", "b"))
    scaled = dataset.scaled(np.array([1, 0]))
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, IMAGES[::-1] / 255, rtol=1e-6)


def test_vectors_are_scaled_by_the_range_of_each_feature() -> None:
    vectors = np.array([[0, -1e6, 5], [1, 1e6, 5], [0.5, 0, 5]], np.float32)
    dataset = Dataset("x", vectors, np.array([0, 1, 0], np.int32), ("a", "b"))
    assert not dataset.is_image
    # A feature that never changes is 0, not a division by zero.
    expected = [[0, 0, 0], [1, 1, 0], [0.5, 0.5, 0]]
    np.testing.assert_allclose(dataset.scaled(np.arange(3)), expected)


def test_the_moments_of_each_feature(digits: Dataset) -> None:
    vectors = np.array([[1, 1e9, 5], [3, 1e9 + 128, 5]], np.float32)
    dataset = Dataset("x", vectors, np.array([0, 1], np.int32), ("a", "b"))
    mean, deviation = dataset.moments
    np.testing.assert_array_equal(mean, [2, 1e9 + 64, 5])
    np.testing.assert_array_equal(deviation, [1, 64, 1])
    assert mean.dtype == deviation.dtype == np.float32
    assert digits.moments is None


def test_the_fingerprint_is_that_of_the_content(digits: Dataset) -> None:
    again = Dataset("other_name", digits.samples.copy(), digits.labels, digits.class_names)
    assert again.fingerprint == digits.fingerprint
    changed = digits.samples.copy()
    changed[1796, 7, 7, 0] ^= 1
    relabelled = np.roll(digits.labels, 1)
    renamed = (*digits.class_names[:9], "nine")
    for samples, labels, names in (
        (changed, digits.labels, digits.class_names),
        (digits.samples, relabelled, digits.class_names),
        (digits.samples, digits.labels, renamed),
    ):
        assert Dataset("digits", samples, labels, names).fingerprint != digits.fingerprint


@pytest.mark.parametrize("labels", [[0, 2], [-1, 0]])
def test_labels_outside_the_classes_are_refused(labels: list[int]) -> None:
    with pytest.raises(UserError, match=r"labels from 0 to 1\. Received (2|-1) in x"):
        Dataset("x", IMAGES, np.array(labels, np.int32), ("a", "b"))


def test_as_many_labels_as_samples() -> None:
    with pytest.raises(UserError, match=r"as many labels as samples\. Received 3 and 2"):
        Dataset("x", IMAGES, np.zeros(3, np.int32), ("a", "b"))


@pytest.mark.parametrize(
    ("flag", "name"),
    [
        ("digits", "digits"),
        ("cifar10", "cifar10"),
        ("mnist_corrupted/identity", "mnist_corrupted_identity"),
        ("deep/folder/my data.v2.npz", "my_data_v2"),
        ("../../.npz", "npz"),
        ("...npz", "data"),
    ],
)
def test_names_in_paths(flag: str, name: str) -> None:
    assert short_name(flag) == name


@given(st.text(min_size=1))
def test_names_never_lead_out_of_their_folder(flag: str) -> None:
    for name in (short_name(flag), short_name(flag + ".npz")):
        assert name and Path(name).name == name and not name.startswith((".", "-"))
