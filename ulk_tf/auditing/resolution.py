"""Resolution of answers: what moved less than that is no finding."""

import math
from dataclasses import dataclass, replace

import numpy as np

from ulk_tf.answers.interpreted import OF_LOGITS, Interpreted
from ulk_tf.answers.readings import SUM_TOLERANCE
from ulk_tf.answers.repeats import FLOAT32_ROUNDING
from ulk_tf.answers.rounded_logits import SMALLEST
from ulk_tf.files import Array

# Share by which processors that compute in few bits may differ in a small posterior of the same
# classifier; noise is found from as much on.
OTHER_PROCESSOR = 3e-3
FEWEST_CLASSES = 3


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
        logits: the largest change of a logit, about the mean of its row, where exact answers tell
            it and posteriors are too near 0 and 1 to show it; else 0.
        apart: whether the versions answer in forms that explain whatever moved.
        between: by how much posteriors of one classifier may differ where the versions round
            differently.
    """

    moved: float
    rounding: float = 0.0
    alike: bool = True
    spread: float = 0.0
    noise: float = 0.0
    float32: float = FLOAT32_ROUNDING
    logits: float = 0.0
    apart: bool = False
    between: float = 0.0

    @property
    def still(self) -> bool:
        """True where both versions answer exactly the same."""
        return self.moved == 0 and not self.logits and not self.apart

    @property
    def words(self) -> str:
        """What can be told apart, to follow "where"."""
        if self.alike and self.rounding > self.least:
            return f"answers come in steps of up to {self.rounding:.2g}"
        return f"{self.least:.2g} can be told apart"

    @property
    def least(self) -> float:
        """Least movement that counts: rounding only where the versions round differently."""
        return self._read if self.alike else max(self._read, self.between)

    @property
    def _read(self) -> float:
        """Least movement that counts where rounding explains none."""
        return max(self.spread, self.noise, self.float32)

    @property
    def mixed(self) -> bool:
        """True where all that moved may be that the versions answer differently, or an update."""
        return self.apart or (not self.exceeded and self.moved > self._read)

    @property
    def value(self) -> float:
        """The resolution: the largest of its parts."""
        return max(self.rounding, self.spread, self.noise, self.float32)

    @property
    def exceeded(self) -> bool:
        """True where a posterior moved more than counts."""
        return self.moved > self.least and not self.apart

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
            "least_movement": self.least,
            "largest_change": self.moved,
            "rounding_step": self.rounding,
            "spread_of_repeats": self.spread,
            "noise": self.noise,
            "float32_step": self.float32,
            "logits_moved_unseen": self.logits,
        }


def measure(before: Interpreted, after: Interpreted) -> Resolution:
    """Measure how finely two versions answer, and how far they moved.

    Args:
        before: the answers of the version before the update.
        after: those of the version after it; the same shape.
    """
    change = _difference(before.posteriors, after.posteriors)
    pair = (before, after)
    found = Resolution(
        moved=float(change.max()),
        rounding=max(one.step for one in pair),
        alike=_round_alike(*pair),
        between=_between(pair),
        spread=max(one.spread for one in pair),
        noise=_noise(pair, change.size),
    )
    quiet = found.spread <= found.float32 and not found.rounding
    if found.exceeded or not quiet:
        return found
    if before.logits is not None and after.logits is not None:
        return replace(found, logits=_logits_moved(before.logits, after.logits))
    kinds = {one.kind for one in pair}
    if kinds == {"posteriors"} and found.moved > found.spread:
        return replace(found, logits=_logarithms_moved(before.posteriors, after.posteriors))
    return found


def _logarithms_moved(before: Array, after: Array) -> float:
    """The same of exact posteriors, but for those that float32 does not hold."""
    told = (before >= SMALLEST) & (after >= SMALLEST)
    # Two classes may be one posterior and what it leaves to 1, which float32 tells coarsely.
    rows = told.sum(axis=1) >= FEWEST_CLASSES
    if not rows.any():
        return 0.0
    told = told[rows]
    old, new = (
        np.log(np.maximum(one[rows], SMALLEST).astype(np.float64)) for one in (before, after)
    )
    apart = np.where(told, new - old, 0.0)
    apart -= apart.sum(axis=1, keepdims=True) / told.sum(axis=1, keepdims=True)
    moved = float(np.abs(np.where(told, apart, 0.0)).max())
    return moved if moved > OTHER_PROCESSOR else 0.0


def _logits_moved(before: Array, after: Array) -> float:
    """The largest change of a logit; 0 where the arithmetic of float32 explains it."""
    old, new = (one - one.mean(axis=1, keepdims=True) for one in (before, after))
    moved = float(np.abs(old - new).max())
    return moved if moved > FLOAT32_ROUNDING * max(float(np.abs(old).max()), 1.0) else 0.0


def _round_alike(before: Interpreted, after: Interpreted) -> bool:
    ways = [
        (one.kind, one.rounding and (one.rounding.kind, one.rounding.digits))
        if one.kind not in OF_LOGITS
        else (one.kind, None)
        for one in (before, after)
    ]
    # The largest step is that of the largest number, where steps grow with the numbers.
    uneven = before.kind in OF_LOGITS or (before.rounding is not None and before.rounding.digits)
    finer, coarser = sorted((before.step, after.step))
    return ways[0] == ways[1] and (finer == coarser or bool(uneven and coarser <= 10 * finer))


def _between(pair: tuple[Interpreted, Interpreted]) -> float:
    """Both steps; and what the top classes may miss to 1 and still look like rounding alone."""
    steps = [one.step for one in pair]
    slack = SUM_TOLERANCE + pair[0].posteriors.shape[1] * max(steps) / 2
    return sum(steps) + slack if max(steps) else 0.0


def _noise(pair: tuple[Interpreted, Interpreted], count: int) -> float:
    """The largest of `count` differences of two noisy answers."""
    variance = sum(one.noise**2 for one in pair)
    # The largest of n normal variables is hardly ever beyond this many standard deviations.
    largest = math.sqrt(2 * math.log(2 * max(count, 2))) + 1
    return math.sqrt(variance) * largest


def _difference(before: Array, after: Array) -> Array:
    difference: Array = np.abs(before.astype(np.float64) - after.astype(np.float64))
    return difference
