"""Posteriors whose logits were rounded before softmax, as by processors for machine learning.

A service that computes in half precision and softmax in float32 answers numbers that look exact.
Their logarithms do not: those of one row differ by multiples of a step, such as 1/128.
"""

import numpy as np
from scipy.stats import chi2

from ulk_tf.answers.rounding import Rounding, in_decimals
from ulk_tf.files import Array

# Exact answers are taken for rounded ones no more often.
DOUBT = 1e-12
SUMS_TO_ONE = 1e-5
# Smaller posteriors lie below what float32 holds exactly; or their class is masked.
SMALLEST = 1e-30
# Float32 may miss a difference of logarithms by some steps of two numbers, and by one step of the
# difference that softmax raises; even steps also by those of the logits.
SLACK, SLACK_OF_ONE, SLACK_OF_EVEN = 2.0**-20, 2.0**-23, 2.0**-18
# A sigmoid answers one of two posteriors; the other one is what it leaves to 1.
LEFT_TO_ONE = 2.0**-24
# Differences that may be missed by more tell nothing.
WIDEST = 2.0**-12
# Steps of half precision are powers of two, of decimals powers of ten.
POWERS = 2.0 ** np.arange(2, -17, -1)
DECIMALS = range(5)
# Share of the differences that must be multiples of a step: of any that chance finds no more often
# than this, in half precision; of one and the same, for even steps.
NEARLY_ALL, SURPRISING = 0.9, 0.25
# More rows tell nothing more.
MOST_ROWS = 400
# Fewer numbers may be what a simple function of whole numbers answers.
FEWEST = 20
FEWEST_BITS = 2
# Gaps between differences that are tried as even steps, and their parts.
GAPS, PARTS = 3, range(1, 7)


def find_rounded_logits(values: Array, missed: float = 0.0, off: float = 0.0) -> Rounding | None:
    """Find how logits were rounded from which posteriors were computed.

    Whatever was added to all logits of a row is lost in softmax, but not by how much they differ:
    numbers of half precision differ by multiples of the finer one's step. How many steps of a power
    of two chance would find, and how often, is known, so that all differences together tell
    (Fisher's method).

    Args:
        values: posteriors, float64 [n, classes].
        missed: by how much each may be off beside float32, such as the step of its decimals.
        off: the same as a share of each.

    Returns:
        To decimals, other even steps or in half precision, with the step of a typical logit, and
        the significant bits of logits whose mean is 0; None where they are exact, or too few to
        tell.

    Example:
        >>> import numpy as np
        >>> logits = np.random.default_rng(0).normal(0, 4, (20, 10)).round(2)
        >>> raised = np.exp(logits)
        >>> find_rounded_logits(raised / raised.sum(axis=1, keepdims=True)).words
        'to 2 decimals'
    """
    if values.min() < 0 or np.abs(values.sum(axis=1) - 1).max() > SUMS_TO_ONE + missed:
        return None
    # Samples that are answered alike tell one answer.
    values = np.unique(values[:: max(1, len(values) // MOST_ROWS)], axis=0)
    told = values >= SMALLEST
    top = values.max(axis=1, keepdims=True)
    logits = np.log(np.maximum(values, SMALLEST))
    missed = max(missed, LEFT_TO_ONE if values.shape[1] == 2 else 0.0)
    slack = SLACK + off + SLACK_OF_ONE * (np.log(top) - logits) + missed / values.clip(SMALLEST)
    compared = told & (values < top) & (slack <= WIDEST)
    if compared.sum() < FEWEST:
        return None
    mean = (logits * told).sum(axis=1, keepdims=True) / told.sum(axis=1, keepdims=True)
    sizes = np.minimum(np.abs(logits - mean), np.abs(np.log(top) - mean))
    apart = (np.log(top) - logits)[compared]
    half, even = _half(apart, slack[compared], sizes[compared]), _even(apart, slack[compared])
    # Numbers of one size have one step in half precision, too.
    if even and (half is None or 2 * even.step >= half.step):
        return even
    return half


def _half(apart: Array, slack: Array, sizes: Array) -> Rounding | None:
    """Explain differences by half precision of logits of such sizes."""
    fits = np.stack([_multiples(apart, step, slack) for step in POWERS])
    steps = np.where(fits.any(axis=0), POWERS[fits.argmax(axis=0)], 0.0)
    # A coarser step is taken half as often, if by chance.
    chance = np.where(steps > 0, 4 * slack / np.maximum(steps, POWERS[-1]), 1.0)
    if (chance <= SURPRISING).mean() < NEARLY_ALL or not _unlikely(chance):
        return None
    told = steps > 0
    step = float(np.median(steps[told]))
    # What all logits of a row had beside is not known: bits are those of centred ones. Differences
    # are multiples of a coarser step than their own as well, of one power of two on average.
    exponents = np.floor(np.log2(np.maximum(sizes[told], POWERS[-1]))) + 1
    bits = int(max(np.rint(np.mean(exponents - np.log2(steps[told])) + 1), FEWEST_BITS))
    return Rounding(f"to steps of about {step:.2g}, as half precision does", step, bits)


def _even(apart: Array, slack: Array) -> Rounding | None:
    """Explain differences by one step, the coarsest of decimals and of their own gaps."""
    slack = slack + SLACK_OF_EVEN
    decimals = [10.0**-places for places in DECIMALS]
    gaps = np.diff(np.unique(apart))
    gaps = np.sort(gaps[gaps > 4 * slack.max()])[:GAPS]
    own = [_refined(apart, gap / part) for gap in gaps for part in PARTS]
    for step in sorted([*decimals, *own], reverse=True):
        fits = _multiples(apart, step, slack)
        if fits.mean() >= NEARLY_ALL and _unlikely(np.where(fits, 2 * slack / step, 1.0)):
            places = round(-np.log10(step))
            if abs(step * 10.0**places - 1) > 1e-4:
                return Rounding(f"to multiples of {step:.3g}", step)
            return Rounding(in_decimals(places), 10.0**-places)
    return None


def _refined(apart: Array, step: float) -> float:
    """A step by least squares, of which a gap tells the first digits."""
    # Small multiples first, by which larger ones are told.
    for most in (16, 256, 4096):
        times = np.rint(apart / step)
        some = (times > 0) & (times <= most)
        if some.any():
            step = float((times * apart)[some].sum() / (times**2)[some].sum())
    return step


def _multiples(apart: Array, step: float, slack: Array) -> Array:
    return np.abs(np.rint(apart / step) * step - apart) <= slack


def _unlikely(chance: Array) -> bool:
    """Tell whether chance finds differences so near to multiples of a step hardly ever."""
    told = np.log(np.clip(chance, 1e-300, 1.0))
    return bool(chi2.logsf(-2 * told.sum(), 2 * len(told)) <= np.log(DOUBT))
