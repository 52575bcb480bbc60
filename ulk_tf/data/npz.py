"""A user's own data: one .npz of samples and labels."""

from pathlib import Path

import numpy as np

from ulk_tf.errors import UserError
from ulk_tf.files import Array, load_npz

MAX_BYTES = 16 * 2**30


def load_npz_dataset(path: Path) -> tuple[Array, Array, tuple[str, ...]]:
    """Read samples and labels from a .npz.

    It holds `images` (uint8 [n, height, width] or [n, height, width, channels]; floats in
    [0, 1] are accepted) or `vectors` (numbers [n, features]), `labels` (whole numbers [n]) and
    perhaps `class_names` (strings [classes]).

    Args:
        path: the file.

    Returns:
        Samples, labels int32 and class names, as `Dataset` has them.

    Raises:
        UserError: anything missing or unusable; the message says what.
    """
    if not path.is_file():
        raise UserError("--dataset to name an existing .npz file", f"{path}")
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f"a file of at most {MAX_BYTES} bytes", f"{path}, which is larger")
    arrays = load_npz(path)
    kinds = [name for name in ("images", "vectors") if name in arrays]
    if len(kinds) != 1 or "labels" not in arrays:
        raise UserError(
            f"arrays named 'labels' and either 'images' or 'vectors' in {path}",
            ", ".join(arrays) or "none",
        )
    raw = arrays[kinds[0]]
    if raw.ndim == 0 or len(raw) < 2:
        raise UserError(f"at least two samples in {path}", f"shape {raw.shape}")
    samples = _images(raw) if kinds[0] == "images" else _vectors(raw)
    labels = _labels(arrays["labels"], len(samples))
    names = arrays.get("class_names", np.arange(int(labels.max()) + 1).astype(str))
    if names.ndim != 1 or names.dtype.kind != "U":
        raise UserError("'class_names' as strings [classes]", f"{names.dtype} {names.shape}")
    if len(names) < 2:
        raise UserError("at least two classes", f"{len(names)}")
    return samples, labels, tuple(str(name) for name in names)


def _images(raw: Array) -> Array:
    if raw.ndim == 3:
        raw = raw[..., np.newaxis]
    if raw.ndim != 4 or raw.shape[-1] not in (1, 3):
        raise UserError(
            "'images' of shape [n, height, width] or [n, height, width, 1 or 3]", raw.shape
        )
    if raw.dtype == np.uint8:
        return raw
    if raw.dtype.kind == "f":
        _finite(raw, "images")
        if raw.min() >= 0 and raw.max() <= 1:
            return np.rint(raw * 255).astype(np.uint8)
    raise UserError("'images' as uint8, or floats in [0, 1]", f"{raw.dtype}")


def _vectors(raw: Array) -> Array:
    if raw.ndim != 2 or raw.dtype.kind not in "fiu":
        raise UserError("'vectors' as numbers of shape [n, features]", f"{raw.dtype} {raw.shape}")
    vectors = raw.astype(np.float32)
    _finite(vectors, "vectors")
    return vectors


def _finite(values: Array, name: str) -> None:
    if not np.isfinite(values).all():
        raise UserError(f"finite numbers in '{name}'", "NaN or infinity")


def _labels(raw: Array, samples: int) -> Array:
    if raw.ndim != 1 or raw.dtype.kind not in "iu":
        raise UserError("'labels' as whole numbers of shape [n]", f"{raw.dtype} {raw.shape}")
    if len(raw) != samples:
        raise UserError("as many labels as samples", f"{len(raw)} labels, {samples} samples")
    if raw.min() < 0 or raw.max() > 10_000:
        raise UserError("labels from 0 up to the number of classes", f"{raw.min()} to {raw.max()}")
    return raw.astype(np.int32)
