"""Work: what is left to compute in a run, as counts of units of known kinds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ulk_tf.files import digest

# Stages of a run's timing, and parts of its corpus.
START, BASES, UPDATES = "corpus", "base models", "updates"
TRAINING, SCORING, HELD_OUT, EXPORT = "training", "scoring", "held-out updates", "export"


@dataclass(frozen=True)
class Work:
    """Work of one kind, with units of equal size.

    Attributes:
        part: stage of the run, or part of its corpus, whose seconds it counts to.
        kind: row of `rates.TABLE`.
        count: number of units.
        size: billions of multiplications in one unit.
        at_once: units computed side by side.
        like: everything that makes a unit of this work take longer or shorter than another of
            its kind and size, JSON-able; a measured rate holds for equal `like`.
    """

    part: str
    kind: str
    count: float
    size: float = 0.0
    at_once: float = 1.0
    like: tuple[Any, ...] = ()

    @property
    def key(self) -> str:
        """Key of its measured rate."""
        return f"{self.kind}/{digest(self.size, list(self.like))[:16]}"


@dataclass(frozen=True)
class Found:
    """Work of runs, beside what was found on disk.

    Attributes:
        works: work that is left to compute.
        bases: base models to train.
        updates: updates to compute.
    """

    works: Sequence[Work]
    bases: int = 0
    updates: int = 0
