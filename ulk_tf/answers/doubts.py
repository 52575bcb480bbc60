"""Doubts about posteriors that are read as they are, as sentences for the user."""

import numpy as np

from ulk_tf.answers.interpreted import Interpreted

SATURATED = 1e-6
SORTED_ROWS = 8  # so many rows are not in order of size by chance


def doubts_about(found: Interpreted) -> list[str]:
    """Notes about posteriors that are the same for all samples, saturated or sorted.

    Args:
        found: the answers of one version.
    """
    said = []
    top = found.posteriors.max(axis=1)
    rows, classes = found.posteriors.shape
    same = np.ptp(found.posteriors, axis=0).max() == 0
    if rows >= SORTED_ROWS and same and top[0] < 1 - SATURATED:
        said.append(
            f"All {rows} answers are the same, whatever the sample: the target has learned "
            "nothing, or reads the samples otherwise than they are sent."
        )
    if np.all(top >= 1 - SATURATED):
        said.append(
            f"All {rows} answers are saturated (top posterior >= 1 - 1e-6): samples are probably "
            "sent on another scale than the model was trained on; try --scale=unit (0 to 1), "
            "--scale=signed (-1 to 1) or a factor such as --scale=1/16."
        )
    falling = np.all(np.diff(found.posteriors, axis=1) <= 0, axis=1)
    distinct = np.all(found.posteriors > 0, axis=1)
    if classes > 2 and rows >= SORTED_ROWS and falling.all() and distinct.all():
        said.append(
            f"All {rows} answers are in order of size, the largest first: if the target sorts by "
            "score, they stand in the wrong classes, and what an attack reads is wrong."
        )
    return said
