"""Posteriors whose logits were rounded before softmax, as by processors for machine learning.

A service that computes in half precision and softmax in float32 answers numbers that look exact.
Their logarithms do not: those of one row differ by multiples of a step, such as 1/128.
"""

import numpy as np
from scipy.stats import chi2

from ulk_tf.answers.rounding import Rounding
from ulk_tf.files import Array

# Rows are rarely taken for rounded by chance: they count as exact unless it is that unlikely.
DOUBT = 1e-12
SUMS_TO_ONE = 1e-5
# Smaller posteriors lie below what float32 holds exactly.
SMALLEST = 1e-30
# By how much float32 may miss a difference of logarithms: some steps of two numbers, and one of the
# difference that softmax raises. Decimals are missed by those of the logits, too.
SLACK, SLACK_OF_ONE, SLACK_OF_DECIMALS = 2.0**-20, 2.0**-23, 2.0**-18
# Steps of half precision are powers of two, of decimals powers of ten.
POWERS = 2.0 ** np.arange(2, -17, -1)
DECIMALS = range(4)
# Of answers rounded in half precision, at least so many differences are multiples of some step.
NEARLY_ALL, SURPRISING = 0.9, 0.25
# Rows that rule out most answers, before all are looked at.
TRIED_FIRST = 40
# Fewer numbers may be what a simple function of whole numbers answers.
FEWEST = 20
FEWEST_BITS = 2


def find_rounded_logits(values: Array) -> Rounding | None:
    """Find how logits were rounded from which posteriors were computed.

    Whatever was added to all logits of a row is lost in softmax, but not by how much they differ:
    numbers of half precision differ by multiples of the finer one's step. How many steps of a power
    of two chance would find, and how often, is known, so that all differences together tell
    (Fisher's method).

    Args:
        values: posteriors, float64 [n, classes].

    Returns:
        To decimals or in half precision, with the step of a typical logit, and the significant bits
        of logits whose mean is 0; None where they are exact, or too few to tell.

    Example:
        >>> import numpy as np
        >>> logits = np.random.default_rng(0).normal(0, 4, (20, 10)).round(2)
        >>> raised = np.exp(logits)
        >>> find_rounded_logits(raised / raised.sum(axis=1, keepdims=True)).words
        'to 2 decimals'
    """
    if values.min() < 0 or np.abs(values.sum(axis=1) - 1).max() > SUMS_TO_ONE:
        return None
    rows = values[:: max(1, len(values) // TRIED_FIRST)]
    for some in (rows, values) if len(rows) < len(values) else (values,):
        found = _found(some)
        if found is None:
            return None
    return found


def _found(values: Array) -> Rounding | None:
    # Samples that are answered alike tell one answer.
    values = np.unique(values, axis=0)
    top = values.max(axis=1, keepdims=True)
    compared = (values < top) & (values >= SMALLEST)
    logits = np.log(np.maximum(values, SMALLEST))
    apart = (np.log(top) - logits)[compared]
    if len(apart) < FEWEST:
        return None
    centred = np.abs(logits - logits.mean(axis=1, keepdims=True))
    finer = np.minimum(centred, centred.max(axis=1, keepdims=True))
    return _half(apart, finer[compared]) or _decimals(apart)


def _half(apart: Array, sizes: Array) -> Rounding | None:
    """Explain differences by half precision of logits of such sizes."""
    slack = SLACK + SLACK_OF_ONE * apart
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


def _decimals(apart: Array) -> Rounding | None:
    for decimals in DECIMALS:
        step = 10.0**-decimals
        slack = np.full_like(apart, SLACK_OF_DECIMALS)
        if _multiples(apart, step, slack).all() and _unlikely(2 * slack / step):
            words = f"to {decimals} decimal{'s' * (decimals != 1)}" if decimals else ""
            return Rounding(words or "to whole numbers", step)
    return None


def _multiples(apart: Array, step: float, slack: Array) -> Array:
    return np.abs(np.rint(apart / step) * step - apart) <= slack


def _unlikely(chance: Array) -> bool:
    """Tell whether chance finds differences so near to multiples of a step hardly ever."""
    told = np.log(np.clip(chance, 1e-300, 1.0))
    return bool(chi2.logsf(-2 * told.sum(), 2 * len(told)) <= np.log(DOUBT))
