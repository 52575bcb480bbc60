"""Data sets: loaded by name from scikit-learn, TFDS or a .npz file, in one common form."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ulk_tf.answers.numbers import plain
from ulk_tf.data.npz import load_npz_dataset, load_seen
from ulk_tf.data.tfds import load_tfds
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest


@dataclass(frozen=True)
class Dataset:
    """Data set in memory: samples, labels and class names.

    Attributes:
        name: short name, used in paths.
        samples: images uint8 [n, height, width, channels] or vectors float32 [n, features].
        labels: int32 [n], from 0 to classes - 1.
        class_names: one name a class.
        seen: for each sample, whether the base model of --base_model was trained on it, bool [n];
            None if the data set does not say.

    Example:
        >>> import numpy as np
        >>> images = np.zeros((4, 8, 8, 1), np.uint8)
        >>> blank = Dataset("blank", images, np.array([0, 1, 0, 1]), ("even", "odd"))
        >>> blank.classes, blank.sample_shape
        (2, (8, 8, 1))
    """

    name: str
    samples: Array
    labels: Array
    class_names: tuple[str, ...]
    seen: Array | None = None

    def __post_init__(self) -> None:
        for name in ("samples", "labels"):  # tensors and tables of other libraries
            value = getattr(self, name)
            if not isinstance(value, np.ndarray):
                object.__setattr__(self, name, np.asarray(plain(value)))
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
        """Names of the classes without samples."""
        have = set(np.unique(self.labels).tolist())
        return tuple(name for label, name in enumerate(self.class_names) if label not in have)

    @property
    def is_image(self) -> bool:
        """True for images (uint8, four dimensions), False for vectors."""
        return bool(self.samples.ndim == 4)

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return tuple(self.samples.shape[1:])

    @cached_property
    def fingerprint(self) -> str:
        """Digest of samples, labels and class names, part of the keys of corpora."""
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

        They count as public, like the mean and deviation of an image collection: both sides
        normalise by the same ones.
        """
        if self.is_image:
            return None
        mean = self.samples.mean(0, dtype=np.float64)
        deviation = self.samples.std(0, dtype=np.float64)
        # A constant feature is not scaled.
        deviation[deviation == 0] = 1
        return mean.astype(np.float32), deviation.astype(np.float32)

    def scaled(self, indices: Array) -> Array:
        """Scale samples to [0, 1], float32 [n, ...], the scale of reconstructions.

        Args:
            indices: positions of the samples, int [n].
        """
        low, high = self.bounds
        return ((self.samples[indices].astype(np.float32) - low) / (high - low)).astype(np.float32)


def _anything(samples: int) -> None:
    """Accept any number of samples."""


def load(
    dataset: str,
    data_dir: str | None,
    cache_dir: Path,
    check: Callable[[int], None] = _anything,
) -> Dataset:
    """Load a data set by the value of --dataset.

    Args:
        dataset: `digits`, a TFDS name, or the path of a .npz file.
        data_dir: folder of prepared TFDS data; TFDS_DATA_DIR or the default of TFDS when None.
        cache_dir: folder of decoded TFDS images.
        check: called with the number of samples as soon as it is known, before decoding.

    Raises:
        UserError: the data set is unknown, neither prepared nor downloadable, or unusable.
    """
    name = short_name(dataset)
    if dataset == "digits":
        loaded = Dataset(name, *_digits())
    elif dataset.endswith(".npz"):
        loaded = Dataset(name, *load_npz_dataset(Path(dataset)), load_seen(Path(dataset)))
    else:
        return Dataset(name, *load_tfds(dataset, data_dir, cache_dir, check))
    check(len(loaded.labels))
    return loaded


def short_name(dataset: str) -> str:
    """Return the name of a data set for paths: letters, digits, `_` and `-` only.

    Args:
        dataset: value of the --dataset flag.
    """
    stem = Path(dataset).stem if dataset.endswith(".npz") else dataset
    return re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_-") or "data"


def _digits() -> tuple[Array, Array, tuple[str, ...]]:
    """Load scikit-learn's 1,797 handwritten digits, 8x8; scale pixels from 0..16 to 0..255."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 - slow import, only needed here

    digits = load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    return pixels, digits.target.astype(np.int32), tuple(str(name) for name in range(10))
