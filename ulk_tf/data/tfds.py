"""Image-classification data sets of TensorFlow Datasets, decoded once and cached."""

from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest, load_npz, save_npz
from ulk_tf.progress import track


def load_tfds(
    name: str, data_dir: str | None, cache_dir: Path
) -> tuple[Array, Array, tuple[str, ...]]:
    """All labelled images of a TFDS data set: its train split, then its test split.

    Args:
        name: the TFDS name, such as mnist or cifar10.
        data_dir: where it is prepared; None: TFDS_DATA_DIR or TFDS's own default.
        cache_dir: where the decoded images are kept (decoding takes many times longer).

    Returns:
        Images uint8 [n, height, width, channels], labels int32 [n], class names.

    Raises:
        UserError: unknown, not prepared and not downloadable, or no set of equal images.
    """
    builder = _builder(name, data_dir)
    _check_features(name, builder.info.features)
    classes = tuple(str(label) for label in builder.info.features["label"].names)
    _prepare(name, builder)
    key = digest(name, str(builder.data_path), str(builder.info.full_name), 1)[:16]
    cached = cache_dir / f"{name.replace('/', '_')}-{key}.npz"
    if cached.is_file():
        arrays = load_npz(cached, ("images", "labels"))
    else:
        arrays = _decode(builder)
        save_npz(cached, arrays)
    return arrays["images"], arrays["labels"], classes


def _builder(name: str, data_dir: str | None) -> Any:
    import tensorflow_datasets as tfds  # noqa: PLC0415 - slow import, only needed here

    try:
        return tfds.builder(name, data_dir=data_dir, try_gcs=False)
    except (tfds.core.DatasetNotFoundError, ValueError, FileNotFoundError) as error:
        raise UserError(
            "--dataset to be digits, an image-classification name of TFDS or a .npz file",
            repr(name),
        ) from error


def _check_features(name: str, features: Any) -> None:
    known = features is not None and {"image", "label"} <= set(features)
    shape = features["image"].shape if known else None
    if shape is None or None in shape or np.dtype(features["image"].np_dtype) != np.uint8:
        raise UserError(
            "a data set of equally large images with labels", f"{name} (image shape {shape})"
        )


def _prepare(name: str, builder: Any) -> None:
    if builder.data_path.exists():
        return
    try:
        builder.download_and_prepare()
    except Exception as error:  # whatever its downloader, a mirror or a checksum raises
        raise UserError(
            f"the data of {name}, prepared in {builder.data_path} or downloadable",
            f"neither ({type(error).__name__})",
            "Either connect to a network once, or give --data_dir (or TFDS_DATA_DIR) a folder "
            f"where `tfds build {name}` has prepared it.",
        ) from error


def _decode(builder: Any) -> dict[str, Array]:
    import tensorflow_datasets as tfds  # noqa: PLC0415 - slow import, only needed here

    splits = [split for split in ("train", "test") if split in builder.info.splits]
    total = sum(builder.info.splits[split].num_examples for split in splits)
    images = np.empty((total, *builder.info.features["image"].shape), np.uint8)
    labels = np.empty(total, np.int32)
    # Files in order: the order of the samples decides the splits.
    ordered = tfds.ReadConfig(interleave_cycle_length=1)
    parts = [
        builder.as_dataset(split=split, as_supervised=True, read_config=ordered) for split in splits
    ]
    examples = (example for part in parts for example in tfds.as_numpy(part))
    for index, (image, label) in enumerate(track(examples, total, "decoding", "image")):
        images[index], labels[index] = image, label
    return {"images": images, "labels": labels}
