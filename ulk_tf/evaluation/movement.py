"""Movement of posteriors by an update, and how sure a classifier was before it."""

import numpy as np

from ulk_tf.files import Array


def movement(before: Array, after: Array) -> Array:
    """Mean total variation distance over the probes, 0 to 1.

    Args:
        before: posteriors [..., probes, classes].
        after: the same shape.

    Returns:
        float64 [...].
    """
    apart = np.abs(np.subtract(after, before, dtype=np.float64))
    return np.asarray(0.5 * apart.sum(-1).mean(-1))


def confidence(before: Array) -> Array:
    """Mean of the largest posterior over the probes.

    Args:
        before: posteriors [..., probes, classes].

    Returns:
        float64 [...].
    """
    return np.asarray(before.max(-1).mean(-1, dtype=np.float64))
