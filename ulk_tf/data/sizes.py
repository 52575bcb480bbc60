"""Sizes of the sides' parts that follow from the data and from base models that are files."""

from collections.abc import Mapping

import numpy as np

from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.experiment import Experiment

# By side whose base model is a file: positions of the samples that it was trained on, None if
# they are not known.
Old = Mapping[str, Array | None]
NONE: Array = np.zeros(0, np.int32)
NO_FILE: Old = {}
MAX_TARGET = 20_000
# Samples in the base sets of shadow models, at most, in the image of a base model from a file.
USUAL_BASE = 10_000


def unseen(key: list[int], samples: int, old: Old, sides: tuple[str, ...]) -> Array:
    """Shuffle the samples of a data set that no base model of `sides` was trained on, int32 [n]."""
    order = np.random.default_rng(key).permutation(samples).astype(np.int32)
    seen = [one for side in sides if (one := old.get(side)) is not None]
    return order[~np.isin(order, np.concatenate(seen))] if seen else order


def owner_sizes(experiment: Experiment, samples: int, old: Old) -> tuple[int, int]:
    """Return the number of the owner's samples and how many of them train a base model.

    Args:
        experiment: sizes that were given.
        samples: number of samples that no base model has seen.
        old: see `split`.
    """
    given = experiment.owner.data
    if "owner" not in old:
        target = given.samples or min(samples * 2 // 5, MAX_TARGET)
        return target, given.base_size or target // 2
    known = old["owner"]
    seen = 0 if known is None else len(known)
    if known is not None and given.base_size not in (None, seen):
        raise UserError(
            f"--base_size={seen}, the samples that --base_model was trained on",
            given.base_size,
            "Leave --base_size out, or give --shadow_base_size.",
        )
    if given.samples is None:
        return min(max(samples // 5, 1), MAX_TARGET // 2), 0
    if given.samples <= seen:
        raise UserError(
            f"--samples above the {seen} samples that --base_model was trained on", given.samples
        )
    return given.samples - seen, 0


def shadow_base(experiment: Experiment, base: int, shadow: int, old: Old) -> int:
    """Return the number of samples that train a shadow base model, 0 if it is a file.

    Args:
        experiment: sizes that were given.
        base: the same number of the owner's.
        shadow: number of the adversary's samples.
        old: see `split`.
    """
    if "adversary" in old:
        return 0
    given = experiment.adversary.data.base_size
    if given is not None or "owner" not in old:
        return given or base
    known = old["owner"]
    return max(min(USUAL_BASE if known is None else len(known), shadow // 2), 1)


def removed_by(role: str, old: Array, seed: int) -> Array:
    """Choose the old samples of one base model from a file that the updates of a role unlearn.

    The roles of an insider share their old samples, so each has a part of them, as of new ones.

    Args:
        role: shadow, validation or target.
        old: samples that the base model was trained on, int32 [n].
        seed: seed of the division.

    Returns:
        int32 [m], ascending; disjoint from those of the other roles.
    """
    order = np.random.default_rng([seed, 18]).permutation(old)
    target, validation = max(len(old) // 5, 1), max(len(old) // 10, 1)
    parts = np.split(order, np.cumsum([target, validation]))
    return np.sort(parts[("target", "validation", "shadow").index(role)])
