"""Old samples: those that a base model from a file was trained on."""

from pathlib import Path

import numpy as np

from ulk_tf.data.datasets import Dataset
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest, load_npz
from ulk_tf.reasons import reason
from ulk_tf.settings.config import ModelConfig
from ulk_tf.settings.experiment import Experiment

PREFIX = "given:"
# Bytes of a text file or an array for each sample of the data set, more than any list needs.
_BYTES, _HEADER = 32, 2**16
_FORMS = "a .npy, .npz or .txt file of positions in the data set"

_GIVEN: dict[str, Array] = {}


def give(samples: Array) -> str:
    """Register positions or a mask from Python, and return their name for settings.

    Args:
        samples: positions in the data set, int [n], or a boolean mask over it.
    """
    array = np.asarray(samples)
    name = f"{PREFIX}samples-{digest(array)[:12]}"
    _GIVEN[name] = array
    return name


def old_samples(
    experiment: Experiment, dataset: Dataset, shadow: Dataset
) -> dict[str, Array | None]:
    """Read the old samples of each side whose base model is a file.

    Args:
        experiment: all settings.
        dataset: the owner's data set.
        shadow: the adversary's data set.

    Returns:
        By side (owner, adversary): positions in its data set, int32 [n], ascending; None if they
        are not known. A side that trains its base models is left out.

    Raises:
        UserError: positions are unreadable, out of range, or all samples.
    """
    owner, adversary = experiment.owner.model, experiment.adversary.model
    found: dict[str, Array | None] = {}
    if owner.base_model:
        found["owner"] = _of_side("", owner, dataset)
    if adversary.base_model:
        # Positions in the owner's data set are none in another.
        inherited = shadow is not dataset and adversary.base_samples == owner.base_samples
        own = ModelConfig() if inherited else adversary
        found["adversary"] = _of_side("shadow_", own, shadow)
    return found


def _of_side(prefix: str, model: ModelConfig, dataset: Dataset) -> Array | None:
    flag, text = f"--{prefix}base_samples", model.base_samples
    if text is not None:
        return _checked(_read(flag, text, len(dataset.labels)), flag, text, dataset)
    if dataset.seen is not None:
        return _checked(dataset.seen, "'seen'", dataset.name, dataset)
    return None


def _checked(raw: Array, flag: str, source: str, dataset: Dataset) -> Array:
    count = len(dataset.labels)
    if raw.dtype == bool:
        if raw.shape != (count,):
            raise UserError(
                f"{flag} with one boolean for each of the {count} samples", f"{list(raw.shape)}"
            )
        raw = np.flatnonzero(raw)
    if raw.ndim != 1 or raw.dtype.kind not in "iu" or not len(raw):
        raise UserError(
            f"{flag} as positions in the data set, whole numbers of shape [n]",
            f"{raw.dtype} {list(raw.shape)} in {source}",
        )
    if raw.min() < 0 or raw.max() >= count:
        raise UserError(
            f"{flag} from 0 to {count - 1}, positions in {dataset.name}",
            f"{raw.min()} to {raw.max()} in {source}",
        )
    samples = np.unique(raw).astype(np.int32)
    if len(samples) == count:
        raise UserError(
            f"{flag} that leaves samples of {dataset.name} which the base model has not seen",
            f"all {count}",
            "Updating sets are drawn from the others: add new samples to the data set.",
        )
    return samples


def _read(flag: str, text: str, count: int) -> Array:
    if text in _GIVEN:
        return _GIVEN[text]
    path = Path(text)
    try:
        if path.suffix == ".npz":
            arrays = list(load_npz(path).values())
            if len(arrays) != 1:
                raise UserError(f"one array in {path}", f"{len(arrays)}")
            return arrays[0]
        if path.suffix not in (".npy", ".txt"):
            raise UserError(f"{flag} to name {_FORMS}", text)
        if path.stat().st_size > _HEADER + _BYTES * count:
            raise UserError(f"{flag} of at most {count} positions", f"{path}, which is larger")
        if path.suffix == ".npy":
            # Mapped: a header that declares more than the file holds allocates nothing.
            return np.array(np.load(path, mmap_mode="r", allow_pickle=False))
        return np.array([int(word) for word in path.read_text("ascii").split()], np.int64)
    except (OSError, ValueError, OverflowError) as error:
        told = reason(error, named=False)
        raise UserError(f"{flag} to name {_FORMS}", f"{path} ({told})") from error
