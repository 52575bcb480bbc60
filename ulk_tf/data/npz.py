"""Data of the user: samples and labels from a .npz file or from arrays."""

from collections.abc import Sequence
from numbers import Integral
from pathlib import Path

import numpy as np

from ulk_tf.answers.numbers import as_numbers, plain
from ulk_tf.data import remedies
from ulk_tf.errors import UserError
from ulk_tf.files import Array, load_npz

MAX_CLASSES = 10_000
# Far below the largest float32, so that squares and differences stay finite.
MAX_NUMBER = 1e15


def load_npz_dataset(path: Path) -> tuple[Array, Array, tuple[str, ...]]:
    """Read samples and labels from a .npz file.

    The file holds `images` (uint8 [n, height, width] or [n, height, width, channels], or floats
    in [0, 1]) or `vectors` (numbers [n, features]), `labels` (whole numbers [n]) and optionally
    `class_names` (strings [classes]). `load_seen` reads `seen`; other arrays are not read.

    Args:
        path: path of the file.

    Returns:
        Samples, labels int32 and class names, as `Dataset` has them.

    Raises:
        UserError: an array is missing or unusable.
    """
    if not path.is_file():
        raise UserError("--dataset to name an existing .npz file", f"{path}")
    arrays = load_npz(path, ("labels",), ("images", "vectors", "class_names"))
    kinds = [name for name in ("images", "vectors") if name in arrays]
    if len(kinds) != 1:
        raise UserError(
            f"either 'images' or 'vectors' beside 'labels' in {path}",
            " and ".join(kinds) or "neither",
        )
    raw = arrays[kinds[0]]
    if raw.ndim == 0 or len(raw) < 2 or not raw.size:
        raise UserError(f"at least two samples in {path}", f"shape {raw.shape}")
    samples = _images(raw) if kinds[0] == "images" else _vectors(raw)
    labels = _labels(arrays["labels"], len(samples))
    return samples, labels, _class_names(arrays.get("class_names"), labels)


def load_seen(path: Path) -> Array | None:
    """Read which samples a base model was trained on, from the optional array `seen`, bool [n].

    Args:
        path: path of the .npz file.

    Raises:
        UserError: the array is not boolean.
    """
    seen = load_npz(path, (), ("seen",)).get("seen")
    if seen is not None and seen.dtype != bool:
        raise UserError(
            f"'seen' as booleans in {path}, one for each sample",
            f"{seen.dtype} {list(seen.shape)}",
            "Write seen.astype(bool), or give positions with --base_samples.",
        )
    return seen


def from_arrays(
    samples: Array, labels: Array, class_names: Sequence[str] | None = None
) -> tuple[Array, Array, tuple[str, ...]]:
    """Check samples and labels in memory, and convert them.

    Args:
        samples: images [n, height, width] or [n, height, width, channels], or vectors
            [n, features], as in a .npz file.
        labels: whole numbers [n] from 0.
        class_names: a name for each class; their numbers when None.

    Returns:
        Samples, labels int32 and class names, as `Dataset` has them.

    Raises:
        UserError: an array is unusable.
    """
    raw = as_numbers(np.asarray(plain(samples)))
    if raw.ndim < 2 or len(raw) < 2 or not raw.size:
        raise UserError(
            "at least two samples, [n, features] or [n, height, width, channels]",
            f"shape {list(raw.shape)}",
        )
    checked = _vectors(raw) if raw.ndim == 2 else _images(raw)
    numbers = np.asarray(plain(labels))
    if numbers.dtype.kind == "O" and all(isinstance(one, Integral) for one in numbers.ravel()):
        numbers = numbers.astype(np.int64)  # a nullable column of pandas
    if numbers.dtype.kind == "O" and all(isinstance(one, str) for one in numbers.ravel()):
        numbers = numbers.astype(str)
    checked_labels = _labels(numbers, len(checked))
    names = None if class_names is None else np.array([str(name) for name in class_names])
    return checked, checked_labels, _class_names(names, checked_labels)


def _images(raw: Array) -> Array:
    if raw.ndim == 3:
        raw = raw[..., np.newaxis]
    if raw.ndim != 4 or raw.shape[-1] not in (1, 3):
        raise UserError(
            "'images' of shape [n, height, width] or [n, height, width, 1 or 3]",
            raw.shape,
            remedies.of_image_shape(raw),
        )
    if raw.dtype == np.uint8:
        return raw
    if raw.dtype.kind != "f":
        raise UserError(
            "'images' as uint8, or floats in [0, 1]",
            f"{raw.dtype}",
            remedies.of_pixels(raw),
        )
    low, high = float(raw.min()), float(raw.max())
    if not 0 <= low <= high <= 1:  # with a NaN, no bounds hold
        raise UserError(
            "'images' as uint8, or floats in [0, 1]",
            f"floats from {low:g} to {high:g}",
            remedies.of_pixels(raw),
        )
    return np.rint(raw * 255).astype(np.uint8)


def _vectors(raw: Array) -> Array:
    if raw.ndim != 2 or raw.dtype.kind not in "fiu":
        raise UserError(
            "'vectors' as numbers of shape [n, features]",
            f"{raw.dtype} {list(raw.shape)}",
            "Write vectors.reshape(len(vectors), -1).astype(np.float32).",
        )
    _within(raw, "vectors")
    return raw.astype(np.float32)


def _within(values: Array, name: str) -> None:
    # With a NaN, minimum and maximum are NaN, which no bounds include.
    low, high = values.min(), values.max()
    if not -MAX_NUMBER <= low <= high <= MAX_NUMBER:
        raise UserError(
            f"finite numbers from {-MAX_NUMBER:g} to {MAX_NUMBER:g} in '{name}'",
            f"{low} to {high}",
            "" if np.isfinite(values).all() else remedies.GAPS,
        )


def _labels(raw: Array, samples: int) -> Array:
    if raw.ndim != 1 or raw.dtype.kind not in "iu":
        raise UserError(
            "'labels' as whole numbers of shape [n]",
            f"{raw.dtype} {list(raw.shape)}",
            remedies.of_labels(raw),
        )
    if len(raw) != samples:
        raise UserError("as many labels as samples", f"{len(raw)} labels, {samples} samples")
    if raw.min() < 0 or raw.max() >= MAX_CLASSES:
        raise UserError(
            f"labels from 0 up to the number of classes, of which at most {MAX_CLASSES}",
            f"{raw.min()} to {raw.max()}",
            remedies.of_labels(raw),
        )
    return raw.astype(np.int32)


def _class_names(names: Array | None, labels: Array) -> tuple[str, ...]:
    needed = int(labels.max()) + 1
    if names is None:
        names = np.arange(needed).astype(str)
    if names.ndim != 1 or names.dtype.kind != "U":
        raise UserError(
            "'class_names' as strings of shape [classes]",
            f"{names.dtype} {names.shape}",
            "Write class_names=np.ravel(names).astype(str).",
        )
    if not 2 <= len(names) <= MAX_CLASSES:
        raise UserError(f"from two to {MAX_CLASSES} classes", len(names))
    if needed > len(names):
        raise UserError(f"labels from 0 to {len(names) - 1}, as 'class_names' has it", needed - 1)
    if len(set(names.tolist())) < len(names):
        raise UserError("'class_names' that all differ", ", ".join(names.tolist()[:20]))
    return tuple(names.tolist())
