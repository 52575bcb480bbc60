"""Splits: the samples of the owner, the adversary and the probing set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ulk_tf.data.probe_sizes import LARGE_DATA, LARGE_PROBING_SET, RESERVED, candidates
from ulk_tf.data.sizes import NO_FILE, NONE, Old, owner_sizes, removed_by, shadow_base, unseen
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.experiment import Experiment

# Roles of base models: attacks are trained on the adversary's shadow bases, stopped early on her
# validation bases (held-out shadow bases), and scored on the owner's target bases.
Role = Literal["shadow", "validation", "target"]
ROLES: tuple[Role, ...] = ("shadow", "validation", "target")
SIDES: Mapping[Role, str] = {"shadow": "adversary", "validation": "adversary", "target": "owner"}
_MAX_VALIDATION = 4_000


@dataclass(frozen=True)
class BaseSplit:
    """Samples of one base model, as positions in its side's data set.

    Attributes:
        base: the old samples: those that it was trained on, int32 [n].
        pool: samples from which its updating sets are drawn, int32 [n]; disjoint from `base`.
        base_known: False if nobody said what the base model was trained on; `base` is empty then,
            and `pool` may contain some of it.
        of_removal: samples of `base` that the updating sets of unlearning are drawn from, int32
            [n]; all of them when None.
    """

    base: Array
    pool: Array
    base_known: bool = True
    of_removal: Array | None = None

    @property
    def removable(self) -> Array:
        """Old samples from which the updating sets of unlearning are drawn, int32 [n]."""
        return self.base if self.of_removal is None else self.of_removal


@dataclass(frozen=True)
class Splits:
    """Disjoint sets of samples, as positions in the data sets (paper: threat model).

    The adversary has `shadow` and `validation`, the owner `target`; no model is trained on
    `probes`. Held-out shadow bases are trained on shadow samples, but their updating sets come
    from `validation`, on which no attack is trained.

    Attributes:
        probes: the probing set, or the candidates from which it is chosen; positions in the
            owner's data set, int32 [n].
        shadow: the adversary's samples, positions in her data set, int32 [n].
        validation: the adversary's samples for early stopping, int32 [n].
        target: the owner's samples, int32 [n].
        base_sizes: training samples of one base model, by role.
        seed: seed of the base models' splits.
        one_data_set: True if both sides' samples are of one data set.
        lent: the adversary's samples that went into a large probing set, int32 [n]; disjoint
            from `shadow`.
        old: by side (owner, adversary) whose base model is a file: the samples that it was
            trained on, int32 [n], or None if they are not known.
        new: by side whose base models have not seen some classes: all samples of these classes,
            int32 [n].
        queries: the adversary's samples whose labels are the target's answers, with
            --extraction_queries: all her base models are trained on them, int32 [n].
    """

    probes: Array
    shadow: Array
    validation: Array
    target: Array
    base_sizes: Mapping[Role, int]
    seed: int
    one_data_set: bool = True
    lent: Array = field(default_factory=lambda: NONE)
    old: Old = field(default_factory=dict)
    new: Mapping[str, Array] = field(default_factory=dict)
    queries: Array = field(default_factory=lambda: NONE)

    def __post_init__(self) -> None:
        groups = [[self.probes, self.target], [self.shadow, self.validation, self.lent]]
        if self.one_data_set:
            # `lent` is left out: some of its samples are probes.
            groups = [[self.probes, self.shadow, self.validation, self.target]]
        for group in groups:
            every = np.concatenate(group)
            if len(np.unique(every)) != len(every):
                raise AssertionError("the probing set and the sides must be disjoint")
        for side, samples in self.old.items():
            every = np.concatenate(groups[0 if side == "owner" else -1])
            if samples is not None and np.isin(every, samples).any():
                raise AssertionError("a sample that a base model was trained on is in a pool")

    def owned(self, role: Role) -> Array:
        """Return the samples from which base sets of a role are drawn, int32 [n]."""
        return self.target if role == "target" else self.shadow

    def for_base(self, role: Role, number: int) -> BaseSplit:
        """Draw the samples of one base model.

        Every base model has another base set, so that the pools of several together cover their
        side. The split depends on seed, role and number alone; removing the samples lent to the
        probing set changes no other sample's place.

        Args:
            role: role of the base model.
            number: its number in the role.
        """
        side = SIDES[role]
        if side in self.old:
            known = self.old[side]
            pool = getattr(self, role)
            if known is None:
                return BaseSplit(NONE, pool, base_known=False)
            return BaseSplit(known, pool, of_removal=removed_by(role, known, self.seed))
        if side == "adversary" and len(self.queries):
            rest = self.shadow[~np.isin(self.shadow, self.queries)]
            return BaseSplit(self.queries, self.validation if role == "validation" else rest)
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
        if side in self.new:
            base = base[~np.isin(base, self.new[side])]
        return BaseSplit(base, np.sort(self.validation) if role == "validation" else rest)

    def pool_size(self, role: Role) -> int:
        """Return the number of samples in a pool of `role`."""
        if role == "validation":
            return len(self.validation)
        return len(self.owned(role)) - self.base_sizes[role]


def split(
    experiment: Experiment, samples: int, adversary_samples: int | None = None, old: Old = NO_FILE
) -> Splits:
    """Divide samples between the probing set and the two sides.

    Samples that a base model from a file was trained on go to no part. The owner of such a base
    model needs a pool alone: a fifth of all others, at most 10,000, unless --samples says.

    Args:
        experiment: sizes; those that are None follow from the numbers of samples.
        samples: number of samples in the owner's data set.
        adversary_samples: number of samples in the adversary's data set; None if both sides
            share one data set.
        old: what base models from files were trained on, by side; see `Splits.old`.

    Raises:
        UserError: the sizes do not fit the data or one another.
    """
    adversary, counts = experiment.adversary.data, experiment.counts
    shared = adversary_samples is None
    order = unseen([experiment.seed, 1], samples, old, ("owner", *(["adversary"] * shared)))
    elsewhere: Array = NONE
    if adversary_samples is not None:
        elsewhere = unseen([experiment.seed, 13], adversary_samples, old, ("adversary",))
    samples = len(order)
    reserved = RESERVED if samples >= 10 * RESERVED else samples // 10
    probes = candidates(experiment.probing, samples, reserved)
    lent = max(probes - reserved, 0)
    if lent and samples >= LARGE_DATA:
        lent = max(lent, LARGE_PROBING_SET - reserved)
    target, base = owner_sizes(experiment, samples, old)
    other = samples if shared else len(elsewhere)
    validation = counts.validation_samples or min(max(other // 12, 1), _MAX_VALIDATION)
    rest = (samples - reserved - target if shared else other) - validation
    left = samples - reserved - target - lent - (validation if shared else 0)
    shadow = adversary.samples or rest
    most = rest - lent if shared and adversary.samples else rest
    if shadow > most or rest < 2 or left < (2 if shared else 0):
        free = " that no base model has seen" if old else ""
        raise UserError(
            f"sizes that together need at most the {other} samples there are{free}",
            f"{probes} probes, {target} target, {validation} validation"
            + (f", {shadow} shadow" if adversary.samples else " and some for the shadow side"),
            "Lower --n_probes, --samples, --validation_samples or --shadow_samples.",
        )
    queries = experiment.probing.extraction_queries
    base_of_shadow = queries or shadow_base(experiment, base, shadow, old)
    sizes: dict[Role, int] = {
        "shadow": base_of_shadow,
        "validation": base_of_shadow,
        "target": base,
    }
    have = shadow - lent if shared and not adversary.samples else shadow
    if queries is not None and queries >= have:
        raise UserError(
            f"--extraction_queries below the adversary's {have} samples, of which some stay for "
            "updates",
            queries,
        )
    lowest = {side: 0 if side in old else 1 for side in ("owner", "adversary")}
    if not lowest["owner"] <= base < target or not lowest["adversary"] <= base_of_shadow < have:
        raise UserError(
            f"--base_size from 1 to below the samples of each side (target {target}, "
            f"shadow {have})",
            base if base == base_of_shadow else f"{base} and --shadow_base_size={base_of_shadow}",
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
    asked_about = np.random.default_rng([experiment.seed, 23]).permutation(mine[~gone])
    return Splits(
        np.sort(asked),
        mine[~gone],
        np.sort(parts[2]),
        np.sort(parts[1]),
        sizes,
        experiment.seed,
        shared,
        mine[gone],
        dict(old),
        queries=np.sort(asked_about[: queries or 0]),
    )
