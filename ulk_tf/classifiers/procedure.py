"""Procedure: the interface with which a side trains, updates and queries a classifier.

A procedure is three methods over arrays, in any framework. Weights are a tuple of arrays, so that
they can be saved and compared without pickles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from ulk_tf.files import Array

Weights = tuple[Array, ...]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Samples:
    """Labelled samples.

    Attributes:
        samples: [n, ...], as stored: uint8 images or float32 vectors.
        labels: int32 [n].

    Example:
        >>> added = Samples(np.zeros((2, 8, 8, 1), np.uint8), np.array([3, 5], np.int32))
        >>> len(added), len(Samples.none_like(added.samples))
        (2, 0)
    """

    samples: Array
    labels: Array

    @classmethod
    def none_like(cls, samples: Array) -> "Samples":
        """Make an empty set with the shape and type of `samples` [n, ...]."""
        return cls(samples[:0], np.zeros(0, np.int32))

    def __len__(self) -> int:
        return len(self.labels)

    def __add__(self, other: "Samples") -> "Samples":
        return Samples(
            np.concatenate([self.samples, other.samples]),
            np.concatenate([self.labels, other.labels]),
        )


@dataclass(frozen=True)
class Change:
    """Change of a classifier's training data by one update.

    Attributes:
        added: the updating set; empty if it is removed.
        removed: samples to unlearn.
        kept: old samples, of the earlier training, to train on again: all of them, or some that
            are mixed in.

    Example:
        >>> added = Samples(np.zeros((2, 8, 8, 1), np.uint8), np.array([3, 5], np.int32))
        >>> none = Samples.none_like(added.samples)
        >>> len(Change(added=added, removed=none, kept=none).added)
        2
    """

    added: Samples
    removed: Samples
    kept: Samples


@runtime_checkable
class Procedure(Protocol):
    """Interface of a procedure; constructed with (sample shape, number of classes).

    Example:
        >>> class NearestMean:
        ...     version = "1"
        ...     def fit(self, samples, labels, seed):
        ...         return (np.stack([samples[labels == c].mean(0) for c in np.unique(labels)]),)
        ...     def update(self, weights, change, seed):
        ...         return weights
        ...     def predict_proba(self, weights, samples):
        ...         near = np.exp(-((samples[:, None] - weights[0]) ** 2).sum(-1))
        ...         return near / near.sum(1, keepdims=True)
        >>> isinstance(NearestMean(), Procedure)
        True
    """

    @property
    def version(self) -> str:
        """Version, part of the keys of corpora; change it when an update's result changes."""

    def fit(self, samples: Array, labels: Array, seed: int) -> Weights:
        """Train a classifier on samples [n, ...] and labels int32 [n]; return its weights."""

    def update(self, weights: Weights, change: Change, seed: int) -> Weights:
        """Update a classifier; return new weights and leave `weights` unchanged."""

    def predict_proba(self, weights: Weights, samples: Array) -> Array:
        """Query a classifier with samples [n, ...]; return posteriors [n, classes]."""


@runtime_checkable
class ManyUpdates(Protocol):
    """Interface of a procedure that computes many updates of one base model at once."""

    def update_many(
        self, weights: Weights, sets: Samples, seeds: Array, probes: Array, first: int
    ) -> tuple[Array, Array]:
        """Compute many updates of a base model, each starting from `weights`.

        Args:
            weights: weights of the base model.
            sets: updating sets, samples [updates, set_size, ...] and labels [updates, set_size].
            seeds: seeds of the updates, int32 [updates, 2].
            probes: the probing set, samples [probes, ...].
            first: number of the first of these updates in the plan of its base model.

        Returns:
            Posteriors before [probes, classes] and after [updates, probes, classes], float32.
        """


@runtime_checkable
class TakesPosteriors(Protocol):
    """Interface of a procedure whose `fit` may be given posteriors in the place of labels."""

    @property
    def takes_posteriors(self) -> bool:
        """True if `fit` takes posteriors float32 [n, classes], too."""


def seed_of(pair: Sequence[int]) -> int:
    """Derive one seed, 0 to 2**31 - 1, from the two seeds of a planned update."""
    return int(np.random.default_rng([int(part) for part in pair]).integers(2**31))
