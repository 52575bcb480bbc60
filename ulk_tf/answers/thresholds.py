"""Thresholds: services that leave out classes whose posterior is below a number."""

import math

from ulk_tf.answers.interpreted import Interpreted
from ulk_tf.files import Array

# Share of the rows that have as many classes, where all but the top ones are cut.
MOSTLY = 0.5
# Posteriors that rounding left lie nearer to 0, in steps.
STEPS = 100
# The least posterior above a threshold lies this near to it.
ROUND = 0.9


def threshold_of(answers: Interpreted, raw: Array) -> float:
    """Find the least posterior that is told, where small ones were cut off.

    Args:
        answers: answers as they were read, of kind top-k.
        raw: the same as they were given, [n, classes] or [repeats, n, classes].

    Returns:
        0 where all but the top few were cut, as many of each sample.
    """
    told = (raw > 0).reshape(-1, *answers.posteriors.shape).all(axis=0)
    counts = told.sum(axis=-1)
    if (counts == counts.max()).mean() >= MOSTLY:
        return 0.0
    least = float(answers.posteriors[told].min())
    # Rounding, too, leaves as many as happen to lie above a step.
    return least if least >= STEPS * answers.step else 0.0


def rounded_down(value: float) -> str:
    """Return the roundest number that is hardly smaller: somebody chose it.

    Example:
        >>> rounded_down(0.0519), rounded_down(0.0153)
        ('0.05', '0.015')
    """
    places = -math.floor(math.log10(value)) if value else 0
    tried = (math.floor(value * 10.0 ** (places + more) + 1e-6) for more in (0, 1))
    one, two = (f"{count / 10.0 ** (places + more):.2g}" for more, count in enumerate(tried))
    return one if float(one) >= ROUND * value else two
