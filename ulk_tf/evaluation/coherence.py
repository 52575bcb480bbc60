"""Coherence of an update: how much of the movement of the logits all probes have in common.

An update moves the logits of most probes alike, by its own labels: on digits 60% to 90% of the
movement is common to all. Another classifier in its place, such as one trained anew, differs from
probe to probe: 5% to 33% there. Movement alone does not tell the two apart.
"""

import numpy as np

from ulk_tf.answers.form import NOTHING
from ulk_tf.files import Array

# The largest floor, at which logits still differ.
HIGHEST = 0.5


def coherence(before: Array, after: Array, floor: float = 0.0) -> Array:
    """Share of the logits' movement that is the same at all probes, 0 to 1.

    Args:
        before: posteriors, [..., probes, classes].
        after: the same shape.
        floor: what posteriors are told apart by, at least `NOTHING`; smaller ones count as that,
            since the logits of posteriors that are rounded or noisy jump where they are near 0.

    Returns:
        float64 [...]: one number for each update; 0 where nothing moved.

    Example:
        >>> import numpy as np
        >>> before = np.array([[0.5, 0.5], [0.5, 0.5]])
        >>> float(coherence(before, np.array([[0.6, 0.4], [0.6, 0.4]])).round(6))
        1.0
        >>> float(coherence(before, np.array([[0.6, 0.4], [0.4, 0.6]])).round(6))
        0.0
    """
    least = min(max(floor, NOTHING), HIGHEST)
    moved = _logits(after, least) - _logits(before, least)
    common = moved.shape[-2] * np.square(moved.mean(axis=-2)).sum(axis=-1)
    total = np.square(moved).sum(axis=(-2, -1))
    found: Array = np.divide(common, total, out=np.zeros_like(total), where=total > 0)
    return found


def _logits(posteriors: Array, least: float) -> Array:
    logarithms = np.log(np.maximum(posteriors.astype(np.float64), least))
    found: Array = logarithms - logarithms.mean(axis=-1, keepdims=True)
    return found
