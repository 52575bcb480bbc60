"""Sizes of updating sets, held against the samples that there are."""

from ulk_tf.data.splits import ROLES, Splits
from ulk_tf.errors import UserError
from ulk_tf.settings.experiment import Experiment

_POOLS = {
    "shadow": "--shadow_samples (or lower --shadow_base_size)",
    "validation": "--validation_samples",
    "target": "--samples (or lower --base_size)",
}


def check_set_sizes(splits: Splits, experiment: Experiment) -> None:
    """Raise `UserError` if an updating set or the old samples beside it would be too many."""
    for role in ROLES:
        party = experiment.owner if role == "target" else experiment.adversary
        update, mine = party.update, splits.for_base(role, 0)
        old = len(mine.base)
        if update.reads_old and not mine.base_known:
            raise UserError(
                "--base_samples, what --base_model was trained on, for an update that reads such "
                "samples",
                "none",
                "Name them, or mark them in the array 'seen' of the data set.",
            )
        size, pool, remedy = update.set_size, splits.pool_size(role), _POOLS[role]
        if update.removes:
            pool = min(len(mine.removable), old - max(update.old_samples, 1))
            remedy = "--base_size"
        if size > pool:
            raise UserError(
                f"an updating set no larger than its pool ({pool} samples on the {role} side)",
                f"--set_size={size}",
                f"Lower --set_size or raise {remedy}.",
            )
        if update.old_samples > old:
            raise UserError(
                f"--old_samples up to the {old} that a base model of the {role} side is trained on",
                update.old_samples,
            )
