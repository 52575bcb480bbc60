"""The protocol of a procedure: how a side trains a classifier, updates it and asks it.

A procedure is three methods over arrays, in any framework. Weights are a tuple of arrays, so that
they can be written down, compared and sent to workers without pickles.
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
    """Samples and their labels.

    Attributes:
        samples: [n, ...], as stored: uint8 images or float32 vectors.
        labels: int32 [n].
    """

    samples: Array
    labels: Array

    @classmethod
    def none_like(cls, samples: Array) -> "Samples":
        """No samples, of the shape and type of these."""
        return cls(samples[:0], np.zeros(0, np.int32))

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Change:
    """The change that one update makes to a classifier's data.

    Attributes:
        added: the updating set.
        removed: samples that the classifier is to forget.
        kept: other samples that it was trained on before.
    """

    added: Samples
    removed: Samples
    kept: Samples


class Procedure(Protocol):
    """A procedure; built with (sample shape, number of classes)."""

    @property
    def version(self) -> str:
        """Raise it when an update's outcome changes: corpora are found by it."""

    def fit(self, samples: Array, labels: Array, seed: int) -> Weights:
        """Train a classifier: weights from samples [n, ...] and labels int32 [n]."""

    def update(self, weights: Weights, change: Change, seed: int) -> Weights:
        """Update a classifier: new weights; `weights` stay as they are."""

    def predict_proba(self, weights: Weights, samples: Array) -> Array:
        """Ask a classifier: posteriors [n, classes] for samples [n, ...]."""


@runtime_checkable
class ManyUpdates(Protocol):
    """A procedure that computes many updates of one base model at once."""

    def update_many(
        self, weights: Weights, sets: Samples, seeds: Array, probes: Array, first: int
    ) -> tuple[Array, Array]:
        """Update a base model many times, each time from `weights`.

        Args:
            weights: of the base model.
            sets: updating sets, samples [updates, set_size, ...] and labels alike.
            seeds: int32 [updates, 2].
            probes: samples [probes, ...] that every version is asked about.
            first: number of the first of these updates in the plan of its base model.

        Returns:
            Posteriors before [probes, classes] and after [updates, probes, classes], float32.
        """


def seed_of(pair: Sequence[int]) -> int:
    """One seed, 0 to 2**31 - 1, from the two of a planned update."""
    return int(np.random.default_rng([int(part) for part in pair]).integers(2**31))
