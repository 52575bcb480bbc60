"""Censored posteriors: those whose small values were set to 0, or raised to a least one.

Exact posteriors hardly ever tie within a row. Those that were censored do, also after rows were
scaled to a sum of 1 again; noise that is clipped at 0 leaves such zeros, too.
"""

import numpy as np

from ulk_tf.answers.readings import FEW_ROWS, SUM_TOLERANCE, are_sure
from ulk_tf.files import Array

# Rows of exact posteriors in which the two smallest are alike by chance are fewer.
TIED = 0.1
ALIKE = 3e-7  # relative to the smallest: some steps of float32
# Softmax answers 0 only where float32 has no such small number, and others then lie between.
UNDERFLOW = 1e-15
LEAST_OF_TWO = 1e-6  # below which float32 knows no posterior of two that sum to 1


def are_censored(values: Array) -> bool:
    """Tell whether the smallest posteriors of many rows are told as the same number.

    Args:
        values: float64 [n, classes], not rounded.

    Example:
        >>> import numpy as np
        >>> exact = np.random.default_rng(0).dirichlet(np.full(10, 0.2), 50)
        >>> are_censored(exact), are_censored(np.maximum(exact, 0.001))
        (False, True)
    """
    rows, classes = values.shape
    off = values.sum(axis=1) - 1
    if rows < FEW_ROWS or values.min() < 0 or np.ptp(values, axis=0).max() == 0:
        return False
    # Values that are set to 0 take little away; those that are raised add the least one at most.
    if off.min() < -SUM_TOLERANCE or off.max() > max(classes * values.min(), SUM_TOLERANCE):
        return False
    # Classes that no sample has are unused, and none of them is censored.
    used = values[:, (values > 0).any(axis=0)]
    if (used == 0).any():
        # Classifiers whose every answer is as good as a label answer 0 by themselves.
        least = LEAST_OF_TWO if used.shape[1] == 2 else UNDERFLOW
        return bool(used[used > 0].min() > least) and not are_sure(used).all()
    return _hold_least(used) or (used.shape[1] > 2 and _tie(used, float(np.abs(off).max())))


def _hold_least(values: Array) -> bool:
    """Tell whether the smallest posterior of all is that of many rows."""
    # Samples that are the same are answered alike; so are all of two classes that were raised, to
    # a number that somebody chose.
    pairs = values.shape[1] == 2
    rows = values if pairs else np.unique(values, axis=0)
    smallest = rows.min(axis=1)
    if pairs and not _is_short(float(smallest.min())):
        return False
    tied = smallest - smallest.min() <= ALIKE * smallest.min()
    return bool(smallest.min() > UNDERFLOW and tied.sum() >= 3 and tied.mean() >= TIED / 2)


def _tie(values: Array, off: float) -> bool:
    """Tell whether the two smallest posteriors of many rows are alike.

    Args:
        values: float64 [n, classes], above 0.
        off: by how much sums of rows miss 1 at most.
    """
    first, second = np.sort(values, axis=1)[:, :2].T
    tied = (second - first <= ALIKE * first) & (first > UNDERFLOW)
    if tied.sum() < 2 or tied.mean() < TIED:
        return False
    # Of rows that do not sum to 1, the least value itself is the same everywhere.
    return bool(off <= SUM_TOLERANCE or np.ptp(first[tied]) <= ALIKE * first[tied].max())


def _is_short(value: float) -> bool:
    """Tell whether a number, or what becomes of it where both are scaled to 1, has two digits."""
    return any(
        abs(float(f"{one:.1e}") - one) <= ALIKE * one for one in (value, value / (1 - value))
    )
