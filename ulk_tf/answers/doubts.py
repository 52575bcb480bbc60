"""Doubts about posteriors that are read as they are, as sentences for the user."""

import numpy as np

from ulk_tf.answers.interpreted import Interpreted
from ulk_tf.answers.readings import SATURATED, are_sure
from ulk_tf.files import Array

SORTED_ROWS = 8  # so many rows are not in order of size by chance


def doubts_about(found: Interpreted) -> list[str]:
    """Notes about posteriors that are the same for all samples, saturated or sorted.

    Args:
        found: the answers of one version.
    """
    said = []
    sure, rows = are_sure(found.posteriors), len(found.posteriors)
    same = np.ptp(found.posteriors, axis=0).max() == 0
    if rows >= SORTED_ROWS and same and not sure[0]:
        said.append(
            f"All {rows} answers are the same, whatever the sample: the target has learned "
            "nothing, or reads the samples otherwise than they are sent."
        )
    if sure.all():
        unless = "unless it tells labels, " if found.kind == "labels" else ""
        said.append(
            f"All {rows} answers are saturated (top posterior at least {1 - SATURATED:g}): "
            f"{unless}samples are probably sent on another scale than the model was trained on; "
            "try --scale=unit (0 to 1), --scale=signed (-1 to 1) or a factor such as --scale=1/16."
        )
    if are_sorted(found.posteriors):
        said.append(
            f"All {rows} answers are in order of size: if the target sorts by score, they stand in "
            "the wrong classes, and what an attack reads is wrong."
        )
    return said


def are_sorted(posteriors: Array) -> bool:
    """Tell whether every row is in order of size, so that places tell no classes.

    Args:
        posteriors: [n, classes].

    Example:
        >>> import numpy as np
        >>> rows = np.random.default_rng(0).dirichlet(np.ones(4), 20)
        >>> are_sorted(rows), are_sorted(np.sort(rows, axis=1))
        (False, True)
    """
    rows, classes = posteriors.shape
    if classes < 3 or rows < SORTED_ROWS:
        return False
    steps = np.diff(posteriors, axis=1)
    # Rows that tell one class only, such as labels of the first, are in any order.
    told = ((steps != 0).sum(axis=1) > 1).mean() > 0.5
    return bool(told and (np.all(steps <= 0) or np.all(steps >= 0)))
