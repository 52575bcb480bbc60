"""Chosen probes: those candidates whose answers tell most of the adversary's own updates.

Group orthogonal least squares: from the movements of all candidates, take the one whose movement
explains most of the labels of shadow updates in a linear regression; take what it explains off
labels and movements; go on. Nothing of the owner is read.
"""

import math
from dataclasses import replace

import numpy as np

from ulk_tf.corpus.updates import Updates
from ulk_tf.files import Array
from ulk_tf.settings.experiment import Experiment

# Shadow updates that the choice is made on, of all shadow base models together.
UPDATES = 2_000
# Posteriors are clipped to this from below before the logarithm, where answers are exact.
FLOOR = 1e-7
# Ridge, relative to the mean square of a movement: directions of a candidate that hardly move are
# mostly rounding.
RIDGE = 0.1
# The choice ends where the best candidate explains less than this share of the labels; the first
# of the others fill the probing set.
LEAST = 1e-5


def of_choice(experiment: Experiment) -> Experiment:
    """Return an experiment with the few updates, and unchanged candidates, of a choice.

    Args:
        experiment: all settings.
    """
    counts = experiment.counts
    each = min(counts.training_updates, math.ceil(UPDATES / counts.training_bases))
    few = replace(counts, training_updates=each, validation_bases=1, validation_updates=1)
    probing = replace(experiment.probing, probe_noise=0.0, probe_shift=0)
    return replace(experiment, counts=few, probing=probing)


def choose(updates: Updates, labels: Array, classes: int, count: int) -> Array:
    """Choose probes.

    Args:
        updates: shadow updates that were asked about all candidates.
        labels: labels of the adversary's data set, int32 [n].
        classes: number of classes.
        count: number of probes.

    Returns:
        Positions of the chosen candidates, int [count], ascending.
    """
    moved = _movements(updates)
    shares = np.eye(classes, dtype=np.float32)[labels[updates.indices]].mean(1)
    for base in np.unique(updates.base):
        rows = updates.base == base
        moved[rows] -= moved[rows].mean(0)
        shares[rows] -= shares[rows].mean(0)
    ridge = RIDGE * float(np.square(moved).sum(0).mean()) * np.eye(moved.shape[-1])
    left, least = shares, LEAST * float(np.square(shares).sum())
    chosen: list[int] = []
    while len(chosen) < count:
        gains, solved = _gains(moved, left, ridge)
        gains[chosen] = -1
        best = int(gains.argmax())
        if gains[best] < least:
            break
        chosen.append(best)
        own = moved[:, best].copy()
        onto = own @ solved[best]
        left = left - onto @ (own.T @ left)
        moved -= np.tensordot(onto, np.tensordot(own.T, moved, 1), 1)
    others = [one for one in range(moved.shape[1]) if one not in chosen]
    return np.sort(np.array([*chosen, *others[: count - len(chosen)]], np.int32))


def _movements(updates: Updates) -> Array:
    """Movements of centred logits, float32 [updates, candidates, classes].

    Each update has length 1: how far it moved everything says nothing of its labels.
    """
    rows = np.arange(len(updates))
    floor = max(FLOOR, updates.form.floor)
    before, after = (np.log(np.maximum(one, floor)) for one in updates.pair(rows))
    moved = after - before
    moved -= moved.mean(-1, keepdims=True)
    lengths = np.sqrt(np.square(moved).sum((1, 2), keepdims=True))
    return (moved / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _gains(moved: Array, left: Array, ridge: Array) -> tuple[Array, Array]:
    """Share of the labels that each candidate explains, and its inverse matrix.

    Args:
        moved: float32 [updates, candidates, classes].
        left: what is left of the labels, float32 [updates, classes].
        ridge: added to the square of a candidate's movements, [classes, classes].
    """
    with_labels = np.tensordot(moved, left, (0, 0))
    columns = moved.transpose(1, 2, 0)
    solved = np.linalg.inv(columns @ columns.transpose(0, 2, 1) + ridge).astype(np.float32)
    return (with_labels * (solved @ with_labels)).sum((1, 2)), solved
