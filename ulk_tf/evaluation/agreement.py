"""Agreement of classifiers on the likeliest class of each probe.

Confidence and movement do not change where classes or probes are permuted. Agreement does: an
export says how well its shadow models agree, and an audit holds a target against that.
"""

from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from ulk_tf.files import Array

# Orders of the rows that are tried, from a fixed seed.
TRIES = 50


def agreement_among(draws: Array, means: Array) -> tuple[list[int], list[float]]:
    """Compare the likeliest classes of each classifier with those of all others together.

    Args:
        draws: posteriors of one look at each classifier before any update, [classifiers, probes,
            classes].
        means: the same, over all looks where a defence makes them differ.

    Returns:
        The likeliest class of each probe by the mean posterior of all; and for each classifier the
        share of probes, 0 to 1, in which one look at it agrees with the mean of the others (one
        classifier: with its own mean). Shares count half a probe more on either side, so that none
        is 0 or 1.

    Example:
        >>> import numpy as np
        >>> one, other = [[0.9, 0.1], [0.2, 0.8]], [[0.6, 0.4], [0.7, 0.3]]
        >>> looks = np.array([one, one, other])
        >>> agreement_among(looks, looks)
        ([0, 1], [0.8333333333333334, 0.8333333333333334, 0.5])
    """
    total = means.astype(np.float64).sum(axis=0)
    shares = []
    for draw, mean in zip(draws, means.astype(np.float64), strict=True):
        others = total - mean if len(means) > 1 else total
        alike = int((draw.argmax(axis=1) == others.argmax(axis=1)).sum())
        shares.append((alike + 0.5) / (len(draw) + 1))
    return [int(label) for label in total.argmax(axis=1)], shares


def agreement_with(likeliest: Array, expected: Array) -> tuple[float, float]:
    """Compare the likeliest classes of a target with those that shadow models expect.

    Args:
        likeliest: class of each probe by the target, int [probes].
        expected: class of each probe by the shadow models, int [probes].

    Returns:
        The share of probes, 0 to 1, in which they agree; and the same with the target's classes in
        the order that agrees best.

    Example:
        >>> import numpy as np
        >>> agreement_with(np.array([1, 1, 0, 2]), np.array([0, 0, 1, 2]))
        (0.25, 1.0)
    """
    # Classes that are no probe's likeliest may stand anywhere.
    (owns, rows), (others, columns) = (
        np.unique(labels, return_inverse=True) for labels in (likeliest, expected)
    )
    counts: Any = np.zeros((len(owns), len(others)), np.int64)
    np.add.at(counts, (rows, columns), 1)
    chosen = linear_sum_assignment(counts, maximize=True)
    total = len(expected)
    return float((likeliest == expected).mean()), float(counts[chosen].sum() / total)


def best_by_chance(likeliest: Array, expected: Array) -> float:
    """Return in how many probes some order of the classes agrees at most if rows are shuffled.

    Args:
        likeliest: as `agreement_with` takes it.
        expected: as `agreement_with` takes it.
    """
    random = np.random.default_rng(0)
    return max(agreement_with(random.permutation(likeliest), expected)[1] for _ in range(TRIES))
