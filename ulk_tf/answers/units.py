"""Units in which posteriors are told: percent, bytes, counts, logarithms, odds."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ulk_tf.answers.readings import (
    COARSEST,
    FEW_ROWS,
    OUTSIDE,
    SUM_TOLERANCE,
    is_truncated,
    sums_to_one,
)
from ulk_tf.answers.rounding import Rounding
from ulk_tf.errors import UserError
from ulk_tf.files import Array


@dataclass(frozen=True)
class Scale:
    """A unit in which posteriors are told.

    Attributes:
        words: for people.
        whole: what stands for 1.
        zero: what is added to values that are counted from below zero.
        integers: whether only whole numbers are told in it.
    """

    words: str
    whole: float
    zero: float = 0.0
    integers: bool = False

    def fits(self, values: Array, rounding: Rounding | None) -> bool:
        """Tell whether all rows sum to the whole, as exactly as their rounding lets them."""
        if self.integers and (rounding is None or rounding.step != 1):
            return False
        shifted = values + self.zero
        step = rounding.step if rounding else 0.0
        slack = SUM_TOLERANCE * self.whole + values.shape[1] * step / 2
        if slack >= self.whole / 2 or shifted.min() < 0 or shifted.max() > self.whole + slack:
            return False
        parts, step = shifted / self.whole, step / self.whole
        return sums_to_one(parts, step) or is_truncated(parts, step)


MOST_SLACK = 0.1
ODDS = "odds"
LEAST_ODDS = 1e-300
# Sums of float32 and float64 may miss 1 by so much: bases that come nearer are all as good.
SINGLE_SUMS, DOUBLE_SUMS = 2.0**-22, 2.0**-48

SCALES = (
    Scale("percent", 100),
    Scale("per mille", 1000, integers=True),
    Scale("bytes, 0 to 255", 255, integers=True),
    Scale("bytes, of which 256 make a whole", 256, integers=True),
    Scale("signed bytes, -128 to 127", 256, zero=128, integers=True),
    Scale("integers of 16 bits", 65535, integers=True),
)


@dataclass(frozen=True)
class _Logarithm:
    """A function of posteriors that is told in their place.

    Attributes:
        words: for people; empty for natural logarithms, which are logits, too.
        natural: natural logarithms of the posteriors that are told so.
        sign: of all values; 0 may be told by either.
        unit: the most that a step of 1 moves a natural logarithm of a typical posterior.
    """

    words: str
    natural: Callable[[Array], Array]
    sign: int
    unit: float


def _to_base(base: float, words: str) -> list[_Logarithm]:
    """Logarithms to a base, and negative ones."""
    unit = float(np.log(base))
    return [
        _Logarithm(words and f"logarithms{words}", lambda values: values * unit, -1, unit),
        _Logarithm(f"negative logarithms{words}", lambda values: -values * unit, 1, unit),
    ]


_LOGARITHMS = (
    *(_to_base(np.e, "") + _to_base(2, " to base 2") + _to_base(10, " to base 10")),
    _Logarithm(ODDS, lambda odds: np.log(np.maximum(odds, LEAST_ODDS)) - np.log1p(odds), 1, 2),
)


def find_scale(values: Array, rounding: Rounding | None) -> Scale | None:
    """The unit in which posteriors are told; None where it is 1 or none is known.

    Args:
        values: float64 [n, classes].
        rounding: rounding of the values.
    """
    if values.max() <= 1 + SUM_TOLERANCE and values.min() >= -1:
        return None
    fitting = [scale for scale in SCALES if scale.fits(values, rounding)]
    sums = values.sum(axis=1)
    mean = float(sums.mean())
    step = rounding.step if rounding else 0.0
    # Counts of votes, or of whatever else all rows share out.
    counts = step == 1 and len(values) > 2 and values.max() > mean / 2
    if not fitting and counts:
        shared = np.ptp(sums) <= values.shape[1] * step + 1e-5 * mean
        one = Scale(f"parts of {float(np.median(sums)):g}", float(np.median(sums)))
        return one if shared and one.fits(values, rounding) else None
    off = [abs(mean + scale.zero * values.shape[1] - scale.whole) for scale in fitting]
    return fitting[int(np.argmin(off))] if fitting else None


def possible_scales(values: Array, rounding: Rounding | None) -> list[Scale]:
    """List the units in which values may be told though no row sums to a whole.

    Args:
        values: float64 [n, classes].
        rounding: rounding of the values.

    Returns:
        None of them where the values may be told from 0 to 1.
    """
    lowest, highest = float(values.min()), float(values.max())
    if highest <= 1 + OUTSIDE:
        return []
    step = rounding.step if rounding else 0.0
    whole_numbers = step == 1
    return [
        scale
        for scale in SCALES
        if not scale.zero
        # Coarse steps of many classes may sum to anything.
        and values.shape[1] * step / 2 < MOST_SLACK * scale.whole
        and (whole_numbers or not scale.integers)
        and lowest >= -OUTSIDE * scale.whole
        and highest <= (1 + OUTSIDE) * scale.whole
    ]


def whole_of_one(values: Array) -> float:
    """Return what stands for 1 among single numbers, one for each sample of two classes.

    Args:
        values: float64 of any shape.

    Returns:
        1 or 100; 0 where they are logits.

    Raises:
        UserError: they may be percent or logits.
    """
    lowest, highest = float(values.min()), float(values.max())
    if lowest < 0:
        return 0.0
    if highest <= 1:
        return 1.0
    # Above 40, a logit's posterior is 1 in float32.
    if 40 < highest <= 100:
        return 100.0
    if len(values) < FEW_ROWS:
        return 0.0
    raise UserError(
        "one posterior for each sample, from 0 to 1, or one logit",
        f"numbers from {lowest:.4g} to {highest:.4g}",
        "Where they are percent, let the target answer a hundredth; where logits, sigmoid.",
    )


def find_logarithms(values: Array, step: float) -> tuple[str, Array, float] | None:
    """Posteriors that are told as logarithms or odds, by the rows that then sum to 1.

    The posteriors of a sure classifier do so to any base, but for their last digits: that is taken
    which comes nearest.

    Args:
        values: float64 [n, classes].
        step: step of their rounding; 0 where there is none.

    Returns:
        What they are told as, for people, their natural logarithms, and the step of those; None
        where they are told otherwise, or are natural logarithms, which are logits, too.
    """
    if step > COARSEST / values.shape[1]:
        return None
    slack = SUM_TOLERANCE + values.shape[1] * step
    nearest, found = np.inf, None
    least = SINGLE_SUMS if _are_single(values) else DOUBLE_SUMS
    for one in _LOGARITHMS:
        if (one.sign * values).min() < 0:
            continue
        natural = one.natural(values)
        off = np.abs(np.exp(natural).sum(axis=1) - 1)
        apart = max(float(off.mean()), least)
        if off.max() <= slack and apart < nearest:
            nearest, found = apart, (one.words, natural, step * one.unit)
    return found if found and found[0] else None


def _are_single(values: Array) -> bool:
    """Tell whether numbers are float32, as they are or as text of theirs."""
    single = values.astype(np.float32)
    return np.array_equal(single, values) or np.array_equal(
        single.astype(str).astype(float), values
    )
