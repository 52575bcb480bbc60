"""Agreement of classifiers on the likeliest class of each probe.

Confidence and movement do not change where classes or probes are permuted. Agreement does: an
export says how well its shadow models agree, and an audit holds a target against that.
"""

from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from ulk_tf.files import Array


def agreement_among(bases: Array) -> tuple[list[int], list[float]]:
    """Compare the likeliest classes of each classifier with those of all others together.

    Args:
        bases: posteriors before any update, [classifiers, probes, classes].

    Returns:
        The likeliest class of each probe by the mean posterior of all; and for each classifier the
        share of probes, 0 to 1, in which it agrees with the mean of the others (one classifier:
        with itself). Shares count half a probe more on either side, so that none is 0 or 1.

    Example:
        >>> import numpy as np
        >>> one, other = [[0.9, 0.1], [0.2, 0.8]], [[0.6, 0.4], [0.7, 0.3]]
        >>> agreement_among(np.array([one, one, other]))
        ([0, 1], [0.8333333333333334, 0.8333333333333334, 0.5])
    """
    probes = bases.shape[1]
    total = bases.astype(np.float64).sum(axis=0)
    shares = []
    for own in bases.astype(np.float64):
        others = total - own if len(bases) > 1 else total
        alike = int((own.argmax(axis=1) == others.argmax(axis=1)).sum())
        shares.append((alike + 0.5) / (probes + 1))
    return [int(label) for label in total.argmax(axis=1)], shares


def agreement_with(likeliest: Array, expected: Array, classes: int) -> tuple[float, float]:
    """Compare the likeliest classes of a target with those that shadow models expect.

    Args:
        likeliest: class of each probe by the target, int [probes].
        expected: class of each probe by the shadow models, int [probes].
        classes: how many there are.

    Returns:
        The share of probes, 0 to 1, in which they agree; and the same with the target's classes in
        the order that agrees best.

    Example:
        >>> import numpy as np
        >>> agreement_with(np.array([1, 1, 0, 2]), np.array([0, 0, 1, 2]), 3)
        (0.25, 1.0)
    """
    counts: Any = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (likeliest, expected), 1)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    total = len(expected)
    return float(np.trace(counts) / total), float(counts[rows, columns].sum() / total)
