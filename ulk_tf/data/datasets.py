"""Data sets: what exists, how it is loaded, and what every one of them becomes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ulk_tf.data.npz import load_npz_dataset
from ulk_tf.data.tfds import load_tfds
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest


@dataclass(frozen=True)
class Dataset:
    """Samples and labels.

    Attributes:
        name: short name, used in paths.
        samples: images uint8 [n, height, width, channels] or vectors float32 [n, features].
        labels: int32 [n], from 0 to classes - 1.
        class_names: one name a class.
    """

    name: str
    samples: Array
    labels: Array
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.samples) != len(self.labels):
            raise UserError(
                "as many labels as samples", f"{len(self.labels)} and {len(self.samples)}"
            )
        outside = (self.labels < 0) | (self.labels >= self.classes)
        if outside.any():
            raise UserError(
                f"labels from 0 to {self.classes - 1}", f"{self.labels[outside][0]} in {self.name}"
            )

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def empty_classes(self) -> tuple[str, ...]:
        """Names of classes that no sample is of."""
        have = set(np.unique(self.labels).tolist())
        return tuple(name for label, name in enumerate(self.class_names) if label not in have)

    @property
    def is_image(self) -> bool:
        """True for images (uint8, four dimensions), false for vectors."""
        return bool(self.samples.ndim == 4)

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return tuple(self.samples.shape[1:])

    @cached_property
    def fingerprint(self) -> str:
        """Digest of samples, labels and class names: what a corpus is found by."""
        return digest(self.samples, self.labels, list(self.class_names))

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        """Lowest and highest value of each feature (of all pixels for images), float32.

        Returns:
            Two arrays that broadcast against a sample.
        """
        if self.is_image:
            return np.zeros(1, np.float32), np.full(1, 255, np.float32)
        low, high = self.samples.min(0), self.samples.max(0)
        return low, np.where(high > low, high, low + 1).astype(np.float32)

    @cached_property
    def moments(self) -> tuple[Array, Array] | None:
        """Mean and deviation of each feature, float32 [features]; None for images.

        Like the mean and deviation of an image collection, they are public: all sides normalise
        by the same ones.
        """
        if self.is_image:
            return None
        mean = self.samples.mean(0, dtype=np.float64)
        deviation = self.samples.std(0, dtype=np.float64)
        # A feature that never changes stays as far from its mean as it is.
        deviation[deviation == 0] = 1
        return mean.astype(np.float32), deviation.astype(np.float32)

    def scaled(self, indices: Array) -> Array:
        """The samples at `indices`, float32 in [0, 1]: the scale of every reconstruction."""
        low, high = self.bounds
        return ((self.samples[indices].astype(np.float32) - low) / (high - low)).astype(np.float32)


def _anything(samples: int) -> None:
    """A check that every number of samples passes."""


def load(
    dataset: str,
    data_dir: str | None,
    cache_dir: Path,
    check: Callable[[int], None] = _anything,
) -> Dataset:
    """Load a data set by its flag.

    Args:
        dataset: `digits`, a TFDS name, or the path of a .npz file.
        data_dir: where TFDS data is prepared; None: TFDS_DATA_DIR or TFDS's own default.
        cache_dir: where decoded TFDS images are kept.
        check: called with the number of samples as soon as it is known, before decoding.

    Raises:
        UserError: unknown, not prepared and not downloadable, or unusable.
    """
    name = short_name(dataset)
    if dataset == "digits":
        loaded = Dataset(name, *_digits())
    elif dataset.endswith(".npz"):
        loaded = Dataset(name, *load_npz_dataset(Path(dataset)))
    else:
        return Dataset(name, *load_tfds(dataset, data_dir, cache_dir, check))
    check(len(loaded.labels))
    return loaded


def short_name(dataset: str) -> str:
    """The name of a data set as it stands in paths: letters, digits, `_` and `-` only.

    Args:
        dataset: the --dataset flag.
    """
    stem = Path(dataset).stem if dataset.endswith(".npz") else dataset
    return re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_-") or "data"


def _digits() -> tuple[Array, Array, tuple[str, ...]]:
    """scikit-learn's own 1,797 handwritten digits, 8x8; its 0..16 stretched to 0..255."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 - slow import, only needed here

    digits = load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    return pixels, digits.target.astype(np.int32), tuple(str(name) for name in range(10))
