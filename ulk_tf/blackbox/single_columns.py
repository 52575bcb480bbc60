"""Answers of one column: labels alone, and one of two classes under its name."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ulk_tf.answers.numbers import plain
from ulk_tf.answers.units import whole_of_one
from ulk_tf.blackbox.class_names import named_places, place_of, places
from ulk_tf.blackbox.labelled import SCORE_KEYS, as_rows, text_of
from ulk_tf.files import Array

LABELS_NOTE = (
    "The target answers a label for each sample and nothing else. Posteriors tell far more: if it "
    "has them, name their output (--output; --output=predict_proba of scikit-learn's models)."
)
# Words beside the name of a class in that of its column, such as P(cat) and cat_score.
FOR_POSTERIORS = {*SCORE_KEYS, "proba", "posterior", "is", "of", "class"}
FULL = 5  # samples of each class, on average, of which class 0 has one


def one_hot(values: Any, rows: int, class_names: Sequence[str]) -> Array | None:
    """Turn labels, a class name or its number for each sample, into rows of 0 and 1.

    Args:
        values: whatever a target answers.
        rows: number of samples that were sent.
        class_names: in the order that the attack knows; empty where nobody knows them.

    Returns:
        float64 [rows, classes]; None where the values are no labels, or others than these classes.

    Example:
        >>> one_hot(["dog", "cat"], 2, ["cat", "dog"]).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
        >>> one_hot([0.2, 0.7], 2, ["cat", "dog"]) is None
        True
    """
    table = as_rows(plain(values), rows)
    if not class_names or table is None or table.shape[1] != 1:
        return None
    cells = [text_of(cell) for cell in table.ravel().tolist()]
    # A saturated sigmoid is whole, too, but has its own axis.
    column = np.ndim(values) > 1 and table.dtype.kind == "f" and table.max() <= 1
    if any(isinstance(cell, bool) for cell in cells) or column:
        return None
    if all(isinstance(cell, float) and cell.is_integer() for cell in cells):
        cells = [int(cell) for cell in cells]
    if not all(isinstance(cell, str) or (isinstance(cell, int) and cell >= 0) for cell in cells):
        return None
    # Who counts classes from 1 would have each taken for the next one.
    whole = all(isinstance(cell, int) for cell in cells) and not {*class_names} & {*map(str, cells)}
    if whole and len(cells) >= FULL * len(class_names) and 0 not in cells:
        return None
    known = places(class_names)
    found = [place_of(cell, known) for cell in cells]
    if None in found:
        return None
    labels: Array = np.eye(len(class_names))[np.array(found, int)]
    return labels


def both_classes(values: Any, rows: int, name: str, class_names: Sequence[str]) -> Array | None:
    """Make two columns of the one that bears the name of one of two classes.

    Args:
        values: a number for each sample: a posterior, percent or a logit.
        rows: number of samples that were sent.
        name: name of the column.
        class_names: in the order that the attack knows.

    Returns:
        float64 [rows, 2] in that order; None where the name names no class, or both. Names that are
        numbers only count columns.

    Raises:
        UserError: the numbers may be percent or logits.

    Example:
        >>> both_classes([0.25, 1.0], 2, "cat", ["cat", "dog"]).tolist()
        [[0.25, 0.75], [1.0, 0.0]]
    """
    table = as_rows(plain(values), rows)
    place = _place_of(name, class_names)
    if len(class_names) != 2 or place is None or name.strip().isdigit():
        return None
    if table is None or table.shape[1] != 1 or table.dtype.kind not in "fiub":
        return None
    own = table[:, 0].astype(np.float64)
    # The logit of a class is held against 0.
    whole = whole_of_one(own)
    pair: Array = np.stack([own, whole - own if whole else np.zeros_like(own)], axis=1)
    return pair if place == 0 else pair[:, ::-1]


def _place_of(name: str, class_names: Sequence[str]) -> int | None:
    """The class that a name is, alone or beside words for a posterior."""
    known = named_places(class_names)
    place = place_of(name, known)
    if place is not None:
        return place
    words = re.findall(r"[^\W_]+", name.casefold())
    return place_of(" ".join(word for word in words if word not in FOR_POSTERIORS), known)
