"""Changes of training data by planned updates: what is added, removed and kept, by position.

The updating sets are planned; the old samples that an update mixes in are drawn here, from the
update's own seed. They are not part of the plan, since no attack asks about them.
"""

from dataclasses import dataclass

import numpy as np

from ulk_tf.files import Array
from ulk_tf.settings.update_config import UpdateConfig

NONE: Array = np.zeros(0, np.int32)


@dataclass(frozen=True)
class Positions:
    """Positions in a data set of the samples of one `Change`.

    Attributes:
        added: the updating set, int32 [n].
        removed: samples to unlearn, int32 [n].
        kept: old samples to train on again, int32 [n].
    """

    added: Array
    removed: Array
    kept: Array


def changes_of(config: UpdateConfig, planned: Array, seed: Array, old: Array) -> list[Positions]:
    """List the changes of one planned update, several if updates follow one another.

    Args:
        config: settings of the update.
        planned: its updating sets, int32 [updates_between * set_size].
        seed: its seeds, int32 [2].
        old: samples on which the base model was trained, int32 [n].
    """
    if config.removes:
        rest = old[~np.isin(old, planned)]
        wanted = config.old_samples
        return [Positions(NONE, planned, _drawn(rest, wanted, seed, 0) if wanted else rest)]
    if config.from_scratch:
        return [Positions(planned, NONE, old)]
    return [
        Positions(part, NONE, _drawn(old, config.old_samples, seed, number))
        for number, part in enumerate(np.split(planned, config.updates_between))
    ]


def trained_together(config: UpdateConfig) -> bool:
    """True if updates train on few samples, so that the engine computes many at once."""
    return config.update_method in ("fine_tuning", "unlearning_by_ascent") or (
        config.update_method == "unlearning_by_fine_tuning" and config.old_samples > 0
    )


def trained_on(config: UpdateConfig, planned: Array, seed: Array, old: Array) -> Array:
    """List the samples that one update trains on, in random order, int32 [n].

    Args:
        config: settings of an update that `trained_together` is true of.
        planned: its updating sets, int32 [updates_between * set_size].
        seed: its seeds, int32 [2].
        old: samples on which the base model was trained, int32 [n].
    """
    changes = changes_of(config, planned, seed, old)
    if config.update_method == "unlearning_by_ascent":
        return planned
    if config.removes:
        return changes[0].kept
    if not config.old_samples:
        return planned
    mixed = [np.concatenate([change.added, change.kept]) for change in changes]
    return np.concatenate(
        [_random(seed, number, 17).permutation(part) for number, part in enumerate(mixed)]
    )


def _drawn(old: Array, count: int, seed: Array, part: int) -> Array:
    return _random(seed, part, 16).choice(old, count, replace=False) if count else NONE


def _random(seed: Array, part: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng([*map(int, seed), purpose, part])
