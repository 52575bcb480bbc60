"""Repeats: answers of one version to the same samples, and the noise that they differ by."""

import numpy as np

from ulk_tf.files import Array

# Two computations of the same posterior, on other processors or in other batches, differ by some
# steps of float32 just below 1: a softmax rounds its exponentials, their sum and the quotient.
FLOAT32_ROUNDING = 8 * 2.0**-24
# Arithmetic in few bits moves logits, and each posterior by a share of itself, small ones too.
# Attacks that were trained on exact answers still read logits in steps that move a posterior by
# 0.004 (docs/EXPERIMENTS.md, float16), whose standard deviation is 0.0012. SHARE is the 90%
# quantile of that deviation where it is estimated from two answers.
SHARE, OF_MOST = 2e-3, 0.9


def places_again(total: int, count: int) -> Array:
    """Places of the samples that are asked again: evenly over all, so that every batch has some.

    Args:
        total: samples in all.
        count: samples that are asked again, at most all.

    Returns:
        int64 [count], ascending.

    Example:
        >>> places_again(10, 4).tolist()
        [0, 3, 6, 9]
    """
    places: Array = np.rint(np.linspace(0, total - 1, count)).astype(np.int64)
    return places


def noise_between(repeats: Array, averaged: int = 1) -> float:
    """Estimate the noise that posteriors differ by, each time a sample is asked.

    Args:
        repeats: posteriors of the same samples, [repeats, n, classes].
        averaged: how many of such answers are averaged to the one that is read.

    Returns:
        The standard deviation of the answer that is read, over all posteriors; 0 where arithmetic
        explains it: differences of a few steps of float32, or of a small share of most posteriors.

    Example:
        >>> import numpy as np
        >>> answers = np.array([[0.9, 0.1], [0.2, 0.8]])
        >>> noise_between(np.stack([answers, answers]))
        0.0
        >>> round(noise_between(np.stack([answers, answers + [0.02, -0.02]])), 3)
        0.014
    """
    each = repeats.astype(np.float64)
    if len(each) < 2 or np.ptp(each, axis=0).max() <= FLOAT32_ROUNDING:
        return 0.0
    deviation, mean = each.std(axis=0, ddof=1) / averaged**0.5, each.mean(axis=0)
    told = mean > 0
    if np.quantile(deviation[told] / mean[told], OF_MOST) <= SHARE:
        return 0.0
    return float(np.sqrt(np.mean(deviation**2)))
