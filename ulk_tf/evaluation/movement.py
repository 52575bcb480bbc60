"""Movement of posteriors by an update, and confidence of a classifier.

An export says for which of them its attack was trained; an audit holds a target against that.
"""

import numpy as np

from ulk_tf.files import Array

# Parts of held-out updates, by how far they move the probes, of which an export tells a score each.
TENTHS = 10


def total_variation(before: Array, after: Array) -> Array:
    """Total variation distance of each probe: half the sum of absolute differences, 0 to 1.

    Args:
        before: [..., probes, classes].
        after: the same shape.

    Returns:
        float64 [..., probes].
    """
    moved: Array = 0.5 * np.abs(before.astype(np.float64) - after.astype(np.float64)).sum(axis=-1)
    return moved


def mean_movement(before: Array, after: Array) -> Array:
    """Movement of an update: the mean total variation distance over the probes, 0 to 1.

    Args:
        before: [..., probes, classes].
        after: the same shape.

    Returns:
        float64 [...]: one number for each update.
    """
    found: Array = total_variation(before, after).mean(axis=-1)
    return found


def mean_confidence(before: Array) -> Array:
    """Confidence of a classifier: the mean over the probes of the largest posterior before.

    Args:
        before: [..., probes, classes].

    Returns:
        float64 [...]: one number for each classifier, 1 / classes to 1.
    """
    found: Array = before.astype(np.float64).max(axis=-1).mean(axis=-1)
    return found


def movement_of(before: Array, after: Array) -> dict[str, float | int]:
    """Measure how far posteriors moved.

    Args:
        before: float32 [probes, classes].
        after: the same shape.

    Returns:
        Over the probes: mean, median and maximum of the total variation distance (half the sum
        of absolute differences, 0 to 1), and how many probes changed their likeliest class.
    """
    distance = total_variation(before, after)
    return {
        "total_variation_mean": float(distance.mean()),
        "total_variation_median": float(np.median(distance)),
        "total_variation_max": float(distance.max()),
        "labels_changed": int((before.argmax(1) != after.argmax(1)).sum()),
        "probes": len(before),
    }
