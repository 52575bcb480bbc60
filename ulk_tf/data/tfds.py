"""TensorFlow Datasets: image-classification data sets, decoded once and cached."""

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.data.download import download
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest, load_npz, memory_limit, save_npz
from ulk_tf.progress import bar

SPLITS = ("train", "test")
CACHE_SCHEMA = 1
# Images in a call of the reader: one at a time takes three times as long.
READ_AT_ONCE = 512


def load_tfds(
    name: str,
    data_dir: str | None,
    cache_dir: Path,
    check: Callable[[int], None],
) -> tuple[Array, Array, tuple[str, ...]]:
    """Load all labelled images of a TFDS data set: its train split, then its test split.

    Args:
        name: the TFDS name, such as mnist or cifar10.
        data_dir: folder of prepared data; TFDS_DATA_DIR or the default of TFDS when None.
        cache_dir: folder of decoded images (decoding takes many times longer than reading them).
        check: called with the number of images before they are decoded.

    Returns:
        Images uint8 [n, height, width, channels], labels int32 [n], class names.

    Raises:
        UserError: the data set is unknown, neither prepared nor downloadable, or has images of
            different sizes.
    """
    builder = _builder(name, data_dir)
    features = builder.info.features
    _check_features(name, features)
    _prepare(name, builder)
    splits = [split for split in SPLITS if split in builder.info.splits]
    total = sum(builder.info.splits[split].num_examples for split in splits)
    check(total)
    cached = cache_dir / f"{builder.name}-{_key(builder)[:16]}.npz"
    arrays = _cached(cached)
    if arrays is None:
        arrays = _decode(name, builder, splits, total)
        save_npz(cached, arrays)
    return arrays["images"], arrays["labels"], tuple(map(str, features["label"].names))


def _builder(name: str, data_dir: str | None) -> Any:
    import tensorflow_datasets as tfds  # noqa: PLC0415 - slow import, only needed here

    try:
        # Names with a namespace, such as huggingface:..., use other downloaders; reject them.
        if not re.fullmatch(r"\w+(/[\w.-]+)?(:[\d.*]+)?", name):
            raise ValueError("no name of a data set")
        return tfds.builder(name, data_dir=data_dir, try_gcs=False)
    except Exception as error:  # unknown names, configs and versions raise many types
        raise UserError(
            "--dataset to be digits, an image-classification name of TFDS or a .npz file",
            repr(name),
        ) from error


def _prepare(name: str, builder: Any) -> None:
    folder = Path(builder.data_path)
    if not folder.exists():
        download(name, builder)
    elif not (folder / "dataset_info.json").is_file():
        raise UserError(
            f"the data of {name}, prepared by TFDS, in {folder}",
            "a folder without dataset_info.json",
            "Remove or rename it.",
        )


def _check_features(name: str, features: Any) -> None:
    import tensorflow_datasets as tfds  # noqa: PLC0415 - slow import, only needed here

    known = dict(features.items()) if isinstance(features, tfds.features.FeaturesDict) else {}
    image, label = known.get("image"), known.get("label")
    shape = tuple(getattr(image, "shape", ()))
    good = (
        isinstance(label, tfds.features.ClassLabel)
        and isinstance(image, tfds.features.Image)
        and None not in shape
        and shape[-1] in (1, 3)
        and image.np_dtype == np.uint8
    )
    if not good:
        raise UserError(
            "a data set of equally large images, grey or colour, each with one label",
            f"{name} (image: {shape}, label: {type(label).__name__})",
        )


def _key(builder: Any) -> str:
    """Compute a digest of the data's name, its folder, and its files' sizes and dates."""
    folder = Path(builder.data_path)
    stats = [(path.name, path.stat()) for path in sorted(folder.iterdir())]
    files = [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]
    return digest(CACHE_SCHEMA, str(builder.info.full_name), str(folder.resolve()), files)


def _cached(path: Path) -> dict[str, Array] | None:
    """Load the decoded images; None if they are missing or damaged."""
    if not path.is_file():
        return None
    try:
        return load_npz(path, ("images", "labels"))
    except UserError:
        return None


def _decode(name: str, builder: Any, splits: list[str], total: int) -> dict[str, Array]:
    shape = (total, *builder.info.features["image"].shape)
    if not total or math.prod(shape) > memory_limit():
        raise UserError(
            f"a split of {' or '.join(SPLITS)}, its images within half of this machine's memory",
            f"{name} with {total} images of {shape[1:]}",
        )
    images, labels = np.empty(shape, np.uint8), np.empty(total, np.int32)
    read = 0
    try:
        with bar(total, "decoding", "image") as shown:
            for some, of in _examples(builder, splits):
                end = read + len(of)
                images[read:end], labels[read:end] = some, of
                shown.update(len(of))
                read = end
    except Exception as error:  # damaged records raise many types
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"readable data of {name} in {builder.data_path}",
            f"{type(error).__name__} ({reason})",
            f"Remove that folder and prepare it again with `tfds build {name}`.",
        ) from error
    if read != total:
        raise UserError(
            f"the {total} images that the metadata in {builder.data_path} lists",
            read,
            f"Remove that folder and prepare it again with `tfds build {name}`.",
        )
    return {"images": images, "labels": labels}


def _examples(builder: Any, splits: list[str]) -> Iterator[tuple[Array, Array]]:
    """Yield many images at a time with their labels, split by split."""
    import tensorflow_datasets as tfds  # noqa: PLC0415 - slow import, only needed here

    # Read files in a fixed order: the owner's and the adversary's samples depend on it.
    ordered = tfds.ReadConfig(interleave_cycle_length=1)
    only = tfds.decode.PartialDecoding({"image": True, "label": True})
    for split in splits:
        part = builder.as_dataset(split=split, read_config=ordered, decoders=only)
        for example in tfds.as_numpy(part.batch(READ_AT_ONCE)):
            yield example["image"], example["label"]
