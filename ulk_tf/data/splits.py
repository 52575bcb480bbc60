"""Splits: the samples of the owner, of the adversary, and of the probing set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.config import known_classes
from ulk_tf.settings.experiment import Experiment

# Roles of base models: attacks are trained on shadow ones, stopped by validation ones, which are
# the adversary's too, and scored on target ones, which are the owner's.
Role = Literal["shadow", "validation", "target"]
ROLES: tuple[Role, ...] = ("shadow", "validation", "target")
_MAX = {"target": 20_000, "validation": 4_000}
_POOLS = {
    "shadow": "--shadow_samples (or lower --shadow_base_size)",
    "validation": "--validation_samples",
    "target": "--samples (or lower --base_size)",
}
# Samples that belong to nobody, from which a probing set of the usual size is taken.
RESERVED = 100
# A larger probing set takes samples from the adversary's side, on large data always so many: all
# probing sets up to this size leave the same samples to everybody.
LARGE_PROBING_SET, LARGE_DATA = 1000, 10_000


@dataclass(frozen=True)
class BaseSplit:
    """The samples of one base model.

    Attributes:
        base: int32, samples it is trained on.
        pool: int32, samples from which its updating sets are drawn; disjoint from `base`.
    """

    base: Array
    pool: Array


@dataclass(frozen=True)
class Splits:
    """Disjoint sets of sample indices (the threat model of the paper).

    The adversary owns `shadow` and `validation`, the owner `target`; nobody trains on `probes`.
    Held-out shadow bases are trained on shadow samples, but their updating sets come from
    `validation`, which no attack is trained on.

    Attributes:
        probes: int32 [n_probes], the probing set, in the owner's data set.
        shadow: int32, the adversary's samples, in her data set.
        validation: int32, the adversary's samples kept for early stopping.
        target: int32, the owner's samples.
        base_sizes: samples that one base model of a role is trained on.
        seed: from which the bases' own shares are drawn.
        one_data_set: whether both sides' samples are of one data set.
        lent: int32, samples of the adversary's that are in a large probing set instead; `shadow`
            has them no more.
    """

    probes: Array
    shadow: Array
    validation: Array
    target: Array
    base_sizes: Mapping[Role, int]
    seed: int
    one_data_set: bool = True
    lent: Array = field(default_factory=lambda: np.zeros(0, np.int32))

    def __post_init__(self) -> None:
        groups = [[self.probes, self.target], [self.shadow, self.validation, self.lent]]
        if self.one_data_set:
            # Those of the lent samples that are asked about are probes.
            groups = [[self.probes, self.shadow, self.validation, self.target]]
        for group in groups:
            every = np.concatenate(group)
            if len(np.unique(every)) != len(every):
                raise AssertionError("the probing set and the sides must be disjoint")

    def owned(self, role: Role) -> Array:
        """The samples, int32, from which base sets of a role are drawn."""
        return self.target if role == "target" else self.shadow

    def for_base(self, role: Role, number: int) -> BaseSplit:
        """The share of base model `number` of `role`.

        Every base draws its own base set, so that the pools of several bases together cover
        their side. It depends on nothing but seed, role and number; samples that were lent to
        the probing set leave it and move no other.
        """
        owned = self.target
        if role != "target":
            owned = np.sort(np.concatenate([self.shadow, self.lent]))
        key = [self.seed, 2, ROLES.index(role), number]
        shuffled = np.random.default_rng(key).permutation(owned)
        size = self.base_sizes[role]
        base, rest = (
            np.sort(part[~np.isin(part, self.lent)]) if role != "target" else np.sort(part)
            for part in (shuffled[:size], shuffled[size:])
        )
        return BaseSplit(base, np.sort(self.validation) if role == "validation" else rest)

    def pool_size(self, role: Role) -> int:
        """Samples in the smallest pool of a base of `role`."""
        if role == "validation":
            return len(self.validation)
        return len(self.owned(role)) - self.base_sizes[role]


def split(experiment: Experiment, samples: int, adversary_samples: int | None = None) -> Splits:
    """Deal samples out to the probing set and the two sides.

    Args:
        experiment: sizes; those left out follow from the numbers of samples.
        samples: how many the owner's data set has.
        adversary_samples: how many the adversary's has; None: both have the same data set.

    Raises:
        UserError: the sizes do not fit the data or one another.
    """
    owner, adversary, counts = experiment.owner.data, experiment.adversary.data, experiment.counts
    reserved = RESERVED if samples >= 10 * RESERVED else samples // 10
    probes = experiment.probing.n_probes or reserved
    lent = max(probes - reserved, 0)
    if lent and samples >= LARGE_DATA:
        lent = max(lent, LARGE_PROBING_SET - reserved)
    target = owner.samples or min(samples * 2 // 5, _MAX["target"])
    other = samples if adversary_samples is None else adversary_samples
    validation = counts.validation_samples or min(max(other // 12, 1), _MAX["validation"])
    base = owner.base_size or target // 2
    shared = adversary_samples is None
    order = np.random.default_rng([experiment.seed, 1]).permutation(samples).astype(np.int32)
    elsewhere: Array = np.zeros(0, np.int32)
    if not shared:
        rng = np.random.default_rng([experiment.seed, 13])
        elsewhere = rng.permutation(other).astype(np.int32)
    rest = (samples - reserved - target if shared else other) - validation
    left = samples - reserved - target - lent - (validation if shared else 0)
    shadow = adversary.samples or rest
    most = rest - lent if shared and adversary.samples else rest
    if shadow > most or rest < 2 or left < (2 if shared else 0):
        raise UserError(
            f"sizes that together need at most the {other} samples there are",
            f"{probes} probes, {target} target, {validation} validation"
            + (f", {shadow} shadow" if adversary.samples else " and some for the shadow side"),
            "Lower --n_probes, --samples, --validation_samples or --shadow_samples.",
        )
    own_base = adversary.base_size or base
    sizes: dict[Role, int] = {"shadow": own_base, "validation": own_base, "target": base}
    have = shadow - lent if shared and not adversary.samples else shadow
    if not 0 < base < target or not 0 < own_base < have:
        raise UserError(
            f"--base_size from 1 to below the samples of each side (target {target}, "
            f"shadow {have})",
            base if base == own_base else f"{base} and --shadow_base_size={own_base}",
        )
    ends = np.cumsum([reserved, target])
    if shared:
        ends = np.cumsum([reserved, target, validation, shadow])
    parts = np.split(order, ends)
    if not shared:
        parts = [*parts[:2], *np.split(elsewhere, np.cumsum([validation, shadow]))]
    taken = order[len(order) - lent :][::-1]
    asked = np.concatenate([order[: min(probes, reserved)], taken[: max(probes - reserved, 0)]])
    mine = np.sort(parts[3])
    gone = np.isin(mine, taken) if shared else np.zeros(len(mine), bool)
    return Splits(
        np.sort(asked),
        mine[~gone],
        np.sort(parts[2]),
        np.sort(parts[1]),
        sizes,
        experiment.seed,
        shared,
        mine[gone],
    )


def with_known_classes(
    splits: Splits, experiment: Experiment, owner_labels: Array, adversary_labels: Array
) -> Splits:
    """The same for sides that have samples of some classes only.

    Args:
        splits: of all classes.
        experiment: which classes each side has.
        owner_labels: int32, of the owner's data set.
        adversary_labels: int32, of the adversary's.

    Raises:
        UserError: too few samples are left of them.
    """

    def kept(indices: Array, labels: Array, classes: str | None) -> Array:
        if classes is None:
            return indices
        return indices[np.isin(labels[indices], known_classes(classes))]

    owner, adversary = experiment.owner.data.classes, experiment.adversary.data.classes
    if owner is None and adversary is None:
        return splits
    found = Splits(
        splits.probes,
        kept(splits.shadow, adversary_labels, adversary),
        kept(splits.validation, adversary_labels, adversary),
        kept(splits.target, owner_labels, owner),
        splits.base_sizes,
        splits.seed,
        splits.one_data_set,
        kept(splits.lent, adversary_labels, adversary),
    )
    for role, flag, size in (("target", "", "base_size"), ("shadow", "shadow_", "base_size")):
        owned = len(found.owned(role))  # type: ignore[arg-type]
        wanted = splits.base_sizes[role]  # type: ignore[index]
        if owned <= wanted:
            raise UserError(
                f"more samples of --{flag}classes than --{flag}{size}={wanted}",
                owned,
                f"Lower --{flag}{size} or name more classes.",
            )
    return found


def check_set_sizes(splits: Splits, experiment: Experiment) -> None:
    """Raise `UserError` when an updating set would be larger than a pool."""
    for role in ROLES:
        party = experiment.owner if role == "target" else experiment.adversary
        pool = splits.pool_size(role)
        if party.update.set_size > pool:
            raise UserError(
                f"an updating set no larger than its pool ({pool} samples on the {role} side)",
                f"--set_size={party.update.set_size}",
                f"Lower --set_size or raise {_POOLS[role]}.",
            )
