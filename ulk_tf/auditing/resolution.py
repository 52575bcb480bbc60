"""Resolution of answers: what moved less than that is no finding."""

import math
from dataclasses import dataclass

import numpy as np

from ulk_tf.answers.interpreted import Interpreted
from ulk_tf.answers.repeats import FLOAT32_ROUNDING
from ulk_tf.files import Array


@dataclass(frozen=True)
class Resolution:
    """The resolution of the answers of two versions, and how far these moved.

    All of them are changes of a single posterior, 0 to 1.

    Attributes:
        moved: the largest change of any class of any probe.
        rounding: the coarser rounding step of the two; 0 where neither is rounded.
        alike: whether both versions round to the same numbers, so that those that differ are a
            step apart, however small the steps between small numbers are.
        spread: how far repeated answers to one sample may lie apart; 0 without repeats.
        noise: the largest change that noise in the answers explains; 0 where none was seen.
        float32: what float32 computations of the same posterior differ by.
    """

    moved: float
    rounding: float = 0.0
    alike: bool = True
    spread: float = 0.0
    noise: float = 0.0
    float32: float = FLOAT32_ROUNDING

    @property
    def value(self) -> float:
        """The resolution: the largest of its parts."""
        return max(self.rounding, self.spread, self.noise, self.float32)

    @property
    def exceeded(self) -> bool:
        """True where a posterior moved more than the resolution."""
        least = max(self.spread, self.noise, self.float32)
        return self.moved > (least if self.alike else max(least, self.rounding))

    @property
    def sentence(self) -> str:
        """The sentence where nothing moved more."""
        return (
            "nothing above the answers' own resolution (moved at most "
            f"{self.moved:.2g}, resolution {self.value:.2g})"
        )

    def as_json(self) -> dict[str, float]:
        """Its entry in audit.json."""
        return {
            "resolution": self.value,
            "largest_change": self.moved,
            "rounding_step": self.rounding,
            "spread_of_repeats": self.spread,
            "noise": self.noise,
            "float32_step": self.float32,
        }


def measure(before: Interpreted, after: Interpreted) -> Resolution:
    """Measure how finely two versions answer, and how far they moved.

    Args:
        before: the answers of the version before the update.
        after: those of the version after it; the same shape.
    """
    change = _difference(before.posteriors, after.posteriors)
    pair = (before, after)
    return Resolution(
        moved=float(change.max()),
        rounding=max(one.step for one in pair),
        alike=_round_alike(*pair),
        spread=max(one.spread for one in pair),
        noise=_noise(pair, change.size),
    )


def _round_alike(before: Interpreted, after: Interpreted) -> bool:
    ways = [
        (one.kind, one.rounding and (one.rounding.kind, one.rounding.digits))
        for one in (before, after)
    ]
    # The largest step is that of the largest number, where steps grow with the numbers.
    uneven = before.kind == "logits" or (before.rounding is not None and before.rounding.digits)
    finer, coarser = sorted((before.step, after.step))
    return ways[0] == ways[1] and (finer == coarser or bool(uneven and coarser <= 10 * finer))


def _noise(pair: tuple[Interpreted, Interpreted], count: int) -> float:
    """The largest of `count` differences of two noisy answers."""
    variance = sum(one.noise**2 for one in pair)
    # The largest of n normal variables is hardly ever beyond this many standard deviations.
    largest = math.sqrt(2 * math.log(2 * max(count, 2))) + 1
    return math.sqrt(variance) * largest


def _difference(before: Array, after: Array) -> Array:
    difference: Array = np.abs(before.astype(np.float64) - after.astype(np.float64))
    return difference
