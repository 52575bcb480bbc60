"""Remedies: the line to write where images or labels of a user's own cannot be used."""

import numpy as np

from ulk_tf.files import Array

NAMED = "Write names, labels = np.unique(labels, return_inverse=True), and class_names=names."
WHOLE = "Write labels.astype(np.int32)."
ARGMAX = "Write labels.argmax(1) for one-hot rows, labels.ravel() for a column."
GAPS = "Leave out samples with gaps, or fill these."
_BYTES = "Write images.astype(np.uint8)"
_SPREAD = "Write np.rint((images - images.min()) / np.ptp(images) * 255).astype(np.uint8)."


def of_labels(raw: Array) -> str:
    """Return the line that makes labels whole numbers from 0; empty if there is none.

    Args:
        raw: labels as they were given.
    """
    if raw.ndim == 2:
        return ARGMAX
    if raw.ndim != 1:
        return ""
    if raw.dtype.kind == "S":
        return NAMED.replace("(labels,", "(labels.astype(str),")
    if raw.dtype.kind == "f":
        return WHOLE if np.array_equal(raw, np.rint(raw)) and raw.min() >= 0 else NAMED
    return WHOLE if raw.dtype.kind == "b" else NAMED


def of_pixels(raw: Array) -> str:
    """Return the line that makes pixels uint8.

    Args:
        raw: images of numbers of another type, or floats outside [0, 1].
    """
    if raw.dtype.kind == "b":
        return f"{_BYTES} * 255."
    if raw.dtype.kind not in "iuf":
        return ""
    if not np.isfinite(raw).all():
        return GAPS
    if raw.min() >= 0 and raw.max() <= 255 and (raw.dtype.kind != "f" or raw.max() > 128):
        return f"{_BYTES}{', or images / 255' if raw.dtype.kind == 'f' else ''}."
    return _SPREAD


def of_image_shape(raw: Array) -> str:
    """Return the line that makes images [n, height, width, channels].

    Args:
        raw: images of another shape.
    """
    if raw.ndim == 2:
        return "Write images.reshape(len(images), height, width), or vectors=images."
    if raw.ndim == 4 and raw.shape[1] in (1, 3):
        return "Write np.moveaxis(images, 1, -1)."
    if raw.ndim == 4 and raw.shape[-1] == 4:
        return "Write images[..., :3]."
    return "Write vectors=images.reshape(len(images), -1)."
