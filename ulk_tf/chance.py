"""Chance of a defence: what decides the noise of an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ulk_tf.files import Array


@dataclass(frozen=True)
class Chance:
    """Randomness of one query of a version; equal attributes give equal noise.

    Attributes:
        seed: seed of the experiment, or of a service.
        look: identifies the query: role, base model, update, and 0 for before or 1 for after.
        samples: identifies each sample of the query, for noise that depends on the sample;
            positions are used when empty.
        repeat: number of the query among several of the same look, from 0.
        step: number of the defence in its chain, from 0: each draws for itself.
        drawing: 0 for a service's own chance; an adversary, who does not know it, draws others.
    """

    seed: int
    look: tuple[int, ...] = ()
    samples: Sequence[int] = ()
    repeat: int = 0
    step: int = 0
    drawing: int = 0

    def fresh(self) -> np.random.Generator:
        """Make the generator of this query and this step."""
        again = (self.repeat,) if self.repeat else ()
        return np.random.default_rng([self.seed, 14, *self.look, *again, *self._later])

    def of_samples(self, shape: tuple[int, ...]) -> Array:
        """Draw normal numbers for each sample, the same in every query.

        Args:
            shape: samples of the query, and numbers for each.
        """
        count, width = shape
        samples = tuple(self.samples) or tuple(range(count))
        return _of_samples(self.seed, samples[:count], width, self._later)

    @property
    def _later(self) -> tuple[int, ...]:
        """Part of a seed of all steps but the first, and of all drawings but a service's own."""
        drawn = (23, self.drawing) if self.drawing else ()
        return (*((19, self.step) if self.step else ()), *drawn)


@lru_cache(maxsize=8)
def _of_samples(seed: int, samples: tuple[int, ...], width: int, later: tuple[int, ...]) -> Array:
    rows = [
        np.random.default_rng([seed, 15, sample, *later]).standard_normal(width)
        for sample in samples
    ]
    drawn = np.stack(rows)
    # Shared by all queries.
    drawn.flags.writeable = False
    return drawn
