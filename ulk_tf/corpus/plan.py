"""The plan: for every update its base model, its updating set and its seed, drawn first."""

from dataclasses import dataclass

import numpy as np

from ulk_tf.data.splits import ROLES, Role
from ulk_tf.files import Array


@dataclass(frozen=True)
class PlanRows:
    """The planned updates of one base model.

    Row i depends on seed, role, base and i alone, so a longer plan begins with a shorter one.

    Attributes:
        indices: int32 [updates, set_size], samples of the data set.
        seeds: int32 [updates, 2], of each update's dropout.
    """

    indices: Array
    seeds: Array


def draw(
    *,
    seed: int,
    role: Role,
    base: int,
    pool: Array,
    labels: Array,
    updates: int,
    set_size: int,
    skew: float | None,
) -> PlanRows:
    """Draw the updating sets of one base model: distinct samples in a set, sets may overlap.

    Args:
        seed: the experiment's.
        role: shadow, validation or target.
        base: number of the base model in its role.
        pool: int32, the samples that may be drawn.
        labels: int32, of the whole data set.
        updates: how many rows.
        set_size: samples in a set.
        skew: None: uniformly from the pool, as in the paper; otherwise the concentration of a
            Dirichlet over the classes, drawn anew for each set.
    """
    indices = np.empty((updates, set_size), np.int32)
    seeds = np.empty((updates, 2), np.int32)
    pool_labels = labels[pool]
    by_class = [pool[pool_labels == label] for label in range(int(labels.max()) + 1)]
    for row in range(updates):
        rng = np.random.default_rng([seed, 3, ROLES.index(role), base, row])
        if skew is None:
            indices[row] = rng.choice(pool, set_size, replace=False)
        else:
            indices[row] = _skewed(rng, by_class, set_size, skew)
        seeds[row] = rng.integers(0, 2**31 - 1, 2)
    return PlanRows(indices, seeds)


def _skewed(rng: np.random.Generator, by_class: list[Array], set_size: int, skew: float) -> Array:
    """A set whose label distribution is drawn from Dirichlet(skew)."""
    available = np.array([len(members) for members in by_class])
    wanted = rng.dirichlet(np.full(len(by_class), skew)) * (available > 0)
    counts = np.zeros(len(by_class), np.int64)
    # A class that runs out gives its share to the others.
    while (missing := set_size - counts.sum()) > 0:
        weights = (wanted + 1e-12) * (counts < available)
        drawn = rng.multinomial(missing, weights / weights.sum())
        counts = np.minimum(counts + drawn, available)
    chosen = [
        rng.choice(members, count, replace=False)
        for members, count in zip(by_class, counts, strict=True)
        if count
    ]
    return rng.permutation(np.concatenate(chosen))
