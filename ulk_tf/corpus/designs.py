"""Designs of the corpora of both sides, and the splits that they share."""

from ulk_tf.corpus.design import Design
from ulk_tf.data.base_samples import old_samples
from ulk_tf.data.classes import with_known_classes, with_new_classes
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.probing import probing_set
from ulk_tf.data.set_sizes import check_set_sizes
from ulk_tf.data.splits import Splits, split
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.experiment import Experiment


def designs_of(
    experiment: Experiment,
    dataset: Dataset,
    shadow_dataset: Dataset | None = None,
    chosen: Array | None = None,
    answered: Array | None = None,
) -> tuple[Splits, tuple[Design, Design]]:
    """Make the splits, and the designs of the adversary's and the owner's corpora.

    Args:
        experiment: all settings.
        dataset: the owner's data set.
        shadow_dataset: the adversary's data set; None if it is the owner's.
        chosen: the chosen probes; see `probing_set`.
        answered: the target's answers to the adversary's queries; see `Design`.

    Returns:
        The splits, and the designs of adversary and owner, in this order.

    Raises:
        UserError: the settings do not fit the data.
    """
    other = dataset if shadow_dataset is None else shadow_dataset
    if other.sample_shape != dataset.sample_shape:
        raise UserError(
            f"--shadow_dataset with samples of shape {dataset.sample_shape}, the owner's",
            f"{other.sample_shape} in {other.name}",
        )
    if other.classes > dataset.classes:
        raise UserError(
            f"--shadow_dataset with at most the {dataset.classes} classes of the target",
            f"{other.classes} in {other.name}",
            "Give a data set with the target's classes, and list those that it has samples of: "
            "--shadow_classes=0-4",
        )
    counts = None if shadow_dataset is None else len(other.labels)
    old = old_samples(experiment, dataset, other)
    splits = split(experiment, len(dataset.labels), counts, old)
    splits = with_known_classes(splits, experiment, dataset.labels, other.labels)
    splits = with_new_classes(splits, experiment, dataset.labels, other.labels)
    check_set_sizes(splits, experiment)
    asked = probing_set(experiment, dataset, splits, chosen)
    adversary, owner = (
        Design(side, experiment, data, dataset.classes, splits, asked, labels)
        for side, data, labels in (("adversary", other, answered), ("owner", dataset, None))
    )
    return splits, (adversary, owner)
