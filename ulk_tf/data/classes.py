"""Classes that a side, or its base models, do not have."""

from dataclasses import replace

import numpy as np

from ulk_tf.data.splits import Splits
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.class_labels import parse_classes
from ulk_tf.settings.experiment import Experiment


def with_known_classes(
    splits: Splits, experiment: Experiment, owner_labels: Array, adversary_labels: Array
) -> Splits:
    """Remove samples of classes that a side does not have (--classes, --shadow_classes).

    Args:
        splits: splits with all classes.
        experiment: names the classes of each side.
        owner_labels: labels of the owner's data set, int32 [n].
        adversary_labels: labels of the adversary's data set, int32 [n].

    Raises:
        UserError: a side has too few samples left.
    """

    def kept(indices: Array, labels: Array, classes: str | None) -> Array:
        if classes is None:
            return indices
        return indices[np.isin(labels[indices], parse_classes(classes))]

    owner, adversary = experiment.owner.data.classes, experiment.adversary.data.classes
    if owner is None and adversary is None:
        return splits
    remaining = Splits(
        splits.probes,
        kept(splits.shadow, adversary_labels, adversary),
        kept(splits.validation, adversary_labels, adversary),
        kept(splits.target, owner_labels, owner),
        splits.base_sizes,
        splits.seed,
        splits.one_data_set,
        kept(splits.lent, adversary_labels, adversary),
        splits.old,
        queries=kept(splits.queries, adversary_labels, adversary),
    )
    for role, flag, size in (("target", "", "base_size"), ("shadow", "shadow_", "base_size")):
        owned = len(remaining.owned(role))  # type: ignore[arg-type]
        wanted = splits.base_sizes[role]  # type: ignore[index]
        if owned <= wanted:
            raise UserError(
                f"more samples of --{flag}classes than --{flag}{size}={wanted}",
                owned,
                f"Lower --{flag}{size} or name more classes.",
            )
    return remaining


def with_new_classes(
    splits: Splits, experiment: Experiment, owner_labels: Array, adversary_labels: Array
) -> Splits:
    """Take classes out of the training sets of base models (--new_classes).

    Args:
        splits: splits of all samples.
        experiment: names the classes of each side.
        owner_labels: labels of the owner's data set, int32 [n].
        adversary_labels: labels of the adversary's data set, int32 [n].

    Raises:
        UserError: the side's base model is a file, or has seen nothing else.
    """
    new = {}
    sides = (("owner", "", owner_labels), ("adversary", "shadow_", adversary_labels))
    for side, prefix, labels in sides:
        party = getattr(experiment, side)
        text = party.data.new_classes
        if text is None:
            continue
        if party.model.base_model is not None:
            raise UserError(
                f"no --{prefix}new_classes beside --{prefix}base_model, which is trained already",
                f"--{prefix}new_classes={text}",
            )
        found = np.isin(labels, parse_classes(text))
        if found.all() or not found.any():
            raise UserError(
                f"--{prefix}new_classes to name some classes of the data set, not all", text
            )
        new[side] = np.flatnonzero(found).astype(np.int32)
    return replace(splits, new=new) if new else splits
