"""Rounded posteriors that a service scaled to a sum of 1, by which no rounding is left to see."""

import numpy as np

from ulk_tf.answers.rounding import Rounding, in_decimals
from ulk_tf.files import Array

DECIMALS = range(1, 7)
# Exact numbers would look like rounded ones this seldom: to undo something takes more than to see.
DOUBT = 1e-9
SUMS_TO_ONE = 1e-6
# Steps of float32 by which a sum, a quotient and their product with the sum again may be off.
SLACK = 3.0
# Rows that rule out most decimals, before all are looked at; sums that are tried on either side.
TRIED_FIRST, MOST_SUMS = 4, 50


def undo_normalising(values: Array) -> tuple[Array, Rounding] | None:
    """Find the rounded posteriors of which each row was divided by its sum.

    The sum of rounded numbers is a multiple of their step near 1, so that only some sums are
    possible: those by which all numbers of a row become multiples of the step.

    Args:
        values: float64 [n, classes].

    Returns:
        The posteriors as they were rounded, and their rounding; None where there is none.

    Example:
        >>> import numpy as np
        >>> rounded = np.random.default_rng(0).dirichlet(np.ones(5), 20).round(3)
        >>> found, rounding = undo_normalising(rounded / rounded.sum(axis=1, keepdims=True))
        >>> bool(np.allclose(found, rounded, atol=1e-12)), rounding.words
        (True, 'to 3 decimals')
    """
    if values.min() < 0 or np.abs(values.sum(axis=1) - 1).max() > SUMS_TO_ONE:
        return None
    for decimals in DECIMALS:
        if _on_grid(values[:TRIED_FIRST], decimals) is None:
            continue
        found = _on_grid(values, decimals)
        if found is not None and found[1] <= np.log(DOUBT):
            return found[0], Rounding(in_decimals(decimals), 10.0**-decimals)
    return None


def _on_grid(values: Array, decimals: int) -> tuple[Array, float] | None:
    """Multiples of a step behind each row, and the logarithm of how likely chance finds such."""
    parts = 10.0**decimals
    # Digits that are cut off take a step from each class at most, rounding half of it.
    classes = values.shape[1]
    least, most = (int(min(n, MOST_SUMS, parts / 2)) for n in (classes, classes / 2 + 1))
    # The sum nearest to 1 first.
    sums = 1 + np.array(sorted(range(-least, most + 1), key=abs)) / parts
    raised = values[:, np.newaxis] * sums[:, np.newaxis]
    nearest = np.rint(raised * parts) / parts
    slack = SLACK * np.spacing(raised.astype(np.float32)).astype(np.float64)
    fits = np.all(np.abs(nearest - raised) <= slack, axis=-1)
    if not fits.any(axis=1).all():
        return None
    rows, first = np.arange(len(values)), fits.argmax(axis=1)
    chance = np.minimum(1.0, 2 * slack[rows, first] * parts)
    # Numbers of 0 and 1 fit any step, and the largest follows from the others and the sum.
    told = (values > 0) & (values < values.max(axis=1, keepdims=True))
    tries = np.where(told.any(axis=1), np.log(len(sums)), 0.0)
    return nearest[rows, first], float(np.where(told, np.log(chance), 0.0).sum() + tries.sum())
