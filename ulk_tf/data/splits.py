"""Who owns which samples: target, validation and shadow side, and the probing set."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.config import DataConfig

Role = Literal["shadow", "validation", "target"]
ROLES: tuple[Role, ...] = ("shadow", "validation", "target")
_MAX = {"target": 20_000, "validation": 4_000}
_POOLS = {
    "shadow": "--shadow_size (or lower --base_size)",
    "validation": "--validation_size",
    "target": "--target_size (or lower --base_size)",
}


@dataclass(frozen=True)
class BaseSplit:
    """What one base model may see.

    Attributes:
        base: int32, samples it is trained on.
        pool: int32, samples from which its updating sets are drawn; disjoint from `base`.
    """

    base: Array
    pool: Array


@dataclass(frozen=True)
class Splits:
    """Disjoint sets of sample indices (the threat model of the paper).

    The adversary owns `shadow` and `validation`, the victim owns `target`; nobody trains on
    `probes`. Held-out shadow bases are trained on shadow samples, but their updating sets come
    from `validation`, which no attack is trained on.

    Attributes:
        probes: int32 [n_probes], the probing set.
        shadow: int32, the adversary's samples.
        validation: int32, the adversary's samples kept for early stopping.
        target: int32, the victim's samples.
        base_size: samples that one base model is trained on.
        seed: from which the bases' own shares are drawn.
    """

    probes: Array
    shadow: Array
    validation: Array
    target: Array
    base_size: int
    seed: int

    def __post_init__(self) -> None:
        parts = [self.probes, self.shadow, self.validation, self.target]
        every = np.concatenate(parts)
        if len(np.unique(every)) != len(every):
            raise AssertionError("the probing set and the sides must be disjoint")

    def for_base(self, side: Role, number: int) -> BaseSplit:
        """The share of base model `number` of `side`.

        Every base draws its own base set, so that the pools of several bases together cover
        their side. It depends on nothing but seed, side and number.
        """
        owned = self.target if side == "target" else self.shadow
        key = [self.seed, 2, ROLES.index(side), number]
        shuffled = np.random.default_rng(key).permutation(owned)
        base, rest = shuffled[: self.base_size], shuffled[self.base_size :]
        return BaseSplit(np.sort(base), np.sort(self.validation if side == "validation" else rest))

    def pool_size(self, side: Role) -> int:
        """Samples in the pool of each base of `side`."""
        if side == "validation":
            return len(self.validation)
        return len(self.target if side == "target" else self.shadow) - self.base_size


def split(config: DataConfig, samples: int, seed: int) -> Splits:
    """Deal `samples` out to the probing set and the three sides.

    Args:
        config: sizes; those left out follow from `samples`.
        samples: how many there are.
        seed: of the permutation.

    Raises:
        UserError: the sizes do not fit the data or one another.
    """
    target = config.target_size or min(samples * 2 // 5, _MAX["target"])
    validation = config.validation_size or min(max(samples // 12, 1), _MAX["validation"])
    base = config.base_size or target // 2
    rest = samples - config.n_probes - target - validation
    shadow = config.shadow_size or rest
    if shadow > rest or rest < 2:
        raise UserError(
            f"sizes that together need at most the {samples} samples there are",
            f"{config.n_probes} probes, {target} target, {validation} validation"
            + (f", {shadow} shadow" if config.shadow_size else " and some for the shadow side"),
            "Lower --n_probes, --target_size, --validation_size or --shadow_size.",
        )
    if not 0 < base < min(target, shadow):
        raise UserError(
            f"--base_size from 1 to below the samples of each side (target {target}, "
            f"shadow {shadow})",
            base,
        )
    order = np.random.default_rng([seed, 1]).permutation(samples).astype(np.int32)
    ends = np.cumsum([config.n_probes, target, validation, shadow])
    probes, owned_target, owned_validation, owned_shadow = (
        np.sort(part) for part in np.split(order, ends)[:4]
    )
    return Splits(probes, owned_shadow, owned_validation, owned_target, base, seed)


def check_set_size(splits: Splits, set_size: int) -> None:
    """Raise `UserError` when an updating set would be larger than a pool."""
    for side in ROLES:
        pool = splits.pool_size(side)
        if set_size > pool:
            raise UserError(
                f"an updating set no larger than its pool ({pool} samples on the {side} side)",
                f"--set_size={set_size}",
                f"Lower --set_size or raise {_POOLS[side]}.",
            )
