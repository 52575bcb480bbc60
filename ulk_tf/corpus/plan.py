"""Plan: the updating set and the seed of every update, drawn before anything is computed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ulk_tf.corpus.base_id import BaseId
from ulk_tf.data.splits import ROLES, Role
from ulk_tf.files import Array

# Share of a class in a prior, at least.
RAREST = 1e-6


@dataclass(frozen=True)
class PlanRows:
    """Planned updates of one base model.

    Row i depends on seed, role, base and i alone, so a longer plan begins with a shorter one.

    Attributes:
        indices: updating sets, int32 [updates, sets * set_size], positions in the data set. A
            smaller set is repeated until it fills its row, which leaves its label distribution
            as it is.
        seeds: dropout seed of each update, int32 [updates, 2].
    """

    indices: Array
    seeds: Array


def plan_arrays(plan: Mapping[BaseId, PlanRows]) -> dict[str, Array]:
    """Return a plan as arrays to save: role, base, indices and seeds of every update.

    Args:
        plan: planned updates by base model.
    """
    counts = [len(rows.indices) for rows in plan.values()]
    return {
        "role": np.repeat(np.array([ROLES.index(base.role) for base in plan], np.int32), counts),
        "base": np.repeat(np.array([base.number for base in plan], np.int32), counts),
        "indices": np.concatenate([rows.indices for rows in plan.values()]),
        "seeds": np.concatenate([rows.seeds for rows in plan.values()]),
    }


def draw(
    *,
    seed: int,
    role: Role,
    base: int,
    pool: Array,
    labels: Array,
    updates: int,
    sizes: tuple[int, ...],
    skew: float | None,
    sets: int = 1,
    prior: Array | None = None,
) -> PlanRows:
    """Draw the updating sets of one base model, each without repetition; sets may overlap.

    Args:
        seed: the experiment's seed.
        role: shadow, validation or target.
        base: number of the base model in its role.
        pool: samples to draw from, int32 [n].
        labels: labels of the whole data set, int32.
        updates: number of updates.
        sizes: samples in a set; updates take several sizes in turn.
        skew: None draws uniformly from the pool, as in the paper. A number is the concentration
            of a Dirichlet, from which the label distribution of each set is drawn.
        sets: updating sets of one update, one after the other.
        prior: shares of the classes in all sets together, float64 [classes]; those of the pool
            (with a skew: all alike) when None.
    """
    set_size = max(sizes)
    indices = np.empty((updates, sets, set_size), np.int32)
    seeds = np.empty((updates, 2), np.int32)
    pool_labels = labels[pool]
    by_class = [pool[pool_labels == label] for label in range(int(labels.max()) + 1)]
    for row in range(updates):
        rng = np.random.default_rng([seed, 3, ROLES.index(role), base, row])
        size = sizes[row % len(sizes)]
        for part in range(sets):
            if skew is None and prior is None:
                drawn = rng.choice(pool, size, replace=False)
            else:
                drawn = _in_shares(rng, by_class, size, _shares(rng, len(by_class), skew, prior))
            indices[row, part] = np.resize(drawn, set_size)
        seeds[row] = rng.integers(0, 2**31 - 1, 2)
    return PlanRows(indices.reshape(updates, sets * set_size), seeds)


def prior_of(seed: int, concentration: float | None, classes: int) -> Array | None:
    """Draw a class prior, float64 [classes], the same for both sides; None without a concentration.

    Args:
        seed: the experiment's seed.
        concentration: concentration of the Dirichlet from which it is drawn.
        classes: number of classes of the target.
    """
    if concentration is None:
        return None
    drawn = np.random.default_rng([seed, 24]).dirichlet(np.full(classes, concentration))
    # A share of 0 is no concentration of a Dirichlet.
    return np.maximum(drawn, RAREST) / np.maximum(drawn, RAREST).sum()


def _shares(
    rng: np.random.Generator, classes: int, skew: float | None, prior: Array | None
) -> Array:
    """Draw the label distribution of a set: the prior itself; around it where sets are skewed."""
    if prior is None:
        return rng.dirichlet(np.full(classes, skew))
    return prior[:classes] if skew is None else rng.dirichlet(prior[:classes] * classes * skew)


def _in_shares(
    rng: np.random.Generator, by_class: list[Array], set_size: int, shares: Array
) -> Array:
    """Draw a set whose labels are drawn with these shares."""
    available = np.array([len(members) for members in by_class])
    wanted = shares * (available > 0)
    counts = np.zeros(len(by_class), np.int64)
    # The share of a class with too few samples goes to the other classes.
    while (missing := set_size - counts.sum()) > 0:
        weights = (wanted + 1e-12) * (counts < available)
        extra = rng.multinomial(missing, weights / weights.sum())
        counts = np.minimum(counts + extra, available)
    chosen = [
        rng.choice(members, count, replace=False)
        for members, count in zip(by_class, counts, strict=True)
        if count
    ]
    return rng.permutation(np.concatenate(chosen))
