"""Plan: the updating set and the seed of every update, drawn before anything is computed."""

from dataclasses import dataclass

import numpy as np

from ulk_tf.data.splits import ROLES, Role
from ulk_tf.files import Array


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
            if skew is None:
                drawn = rng.choice(pool, size, replace=False)
            else:
                drawn = _skewed(rng, by_class, size, skew)
            indices[row, part] = np.resize(drawn, set_size)
        seeds[row] = rng.integers(0, 2**31 - 1, 2)
    return PlanRows(indices.reshape(updates, sets * set_size), seeds)


def _skewed(rng: np.random.Generator, by_class: list[Array], set_size: int, skew: float) -> Array:
    """Draw a set whose label distribution is drawn from Dirichlet(skew)."""
    available = np.array([len(members) for members in by_class])
    wanted = rng.dirichlet(np.full(len(by_class), skew)) * (available > 0)
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
