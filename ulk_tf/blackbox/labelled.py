"""Scores with the names of their classes beside them, in the order of the attack's classes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ulk_tf.blackbox.class_names import are_numbered, place_of, places, some
from ulk_tf.errors import UserError
from ulk_tf.files import Array

# Names under which servers commonly give a class and its score.
LABEL_KEYS = ("label", "class", "class_name", "classname", "name", "tag", "tagname", "category")
SCORE_KEYS = ("score", "probability", "confidence", "prob", "value", "p")
# Names of each row, and their scores.
Labelled = tuple[list[list[Any]], list[list[float]] | Array]
REMEDY = (
    "Name the target's classes in the attack's order with --class_names, or let the target answer "
    "a row of numbers in that order."
)


def label_and_score(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    """Find the keys of the class and of its score in an object such as {"label", "score"}.

    Args:
        entry: an object of an answer.

    Returns:
        Both keys; None where the object is no scored label.
    """
    numbers = [key for key, value in entry.items() if _is_number(value)]
    texts = [key for key, value in entry.items() if isinstance(value, str)]
    scores = [key for key in numbers if str(key).lower() in SCORE_KEYS]
    labels = [key for key in entry if str(key).lower() in LABEL_KEYS and key not in scores]
    for label, score in ((texts, numbers), (labels, scores), (texts, scores), (labels, numbers)):
        if len(label) == 1 and len(score) == 1 and label != score:
            return label[0], score[0]
    return None


def scored_rows(answer: Any, class_names: Sequence[str]) -> Labelled | None:
    """Read rows of scored labels, which may name other classes in every row.

    Args:
        answer: a list with, for each sample, a list of scored labels or a mapping from some of
            the attack's classes to scores.
        class_names: in the order that the attack knows.

    Returns:
        Names and scores of each row; None where the answer has another form.
    """
    if not isinstance(answer, list) or not answer:
        return None
    if all(isinstance(row, Mapping) for row in answer):
        known = places(class_names)
        same = all(row.keys() == answer[0].keys() for row in answer)
        fits = all(
            place_of(k, known) is not None and _is_number(v)
            for row in answer
            for k, v in row.items()
        )
        if same or not fits:
            return None
        return [list(row) for row in answer], [list(row.values()) for row in answer]
    labels, scores = [], []
    for row in answer:
        if not isinstance(row, list) or not all(isinstance(one, Mapping) for one in row):
            return None
        pairs = [label_and_score(one) for one in row]
        if not row or any(pair is None or pair != pairs[0] for pair in pairs):
            return None
        label, score = pairs[0] or ("", "")
        labels.append([one[label] for one in row])
        scores.append([one[score] for one in row])
    return labels, scores


def ranked(outputs: Mapping[str, Any], wanted: str | None, rows: int) -> Labelled | None:
    """Find class names and scores, a row for each sample, among the outputs of a model.

    Args:
        outputs: by name.
        wanted: name of the output with the scores; None finds it.
        rows: number of samples that were sent.

    Returns:
        Names and scores; None where there are no such outputs.
    """
    tables = {name: as_rows(value, rows) for name, value in outputs.items()}
    scores = {
        name: table
        for name, table in tables.items()
        if table is not None and table.dtype.kind == "f" and wanted in (None, name)
    }
    for score in scores.values():
        for name, table in tables.items():
            if table is None or table.shape != score.shape or table.dtype.kind not in "USOiu":
                continue
            labels = [[text_of(cell) for cell in row] for row in table]
            # A single label beside other outputs is the predicted class, whose score is one alone.
            alone = score.shape[1] == 1 and len(tables) > 2
            names = score.shape[1] > 1 or table.dtype.kind in "USO" or "class" in name
            if names and not alone and all(len(set(row)) == len(row) for row in labels):
                return labels, score.astype(np.float64)
    return None


def in_order(
    labels: Sequence[Sequence[Any]],
    scores: Sequence[Sequence[float]] | Array,
    class_names: Sequence[str],
) -> tuple[Array, bool]:
    """Put scores in the order of the attack's classes.

    Args:
        labels: names of each row.
        scores: scores of the same lengths.
        class_names: in the order that the attack knows.

    Returns:
        float64 [rows, classes], 0 for a class that a row does not name, and True; or the scores
        as they are and False, where all rows have one order and names that tell no other.

    Raises:
        UserError: there is no telling which score is of which class.
    """
    known = places(class_names)
    fixed = all(list(row) == list(labels[0]) for row in labels)
    if fixed and None in [place_of(name, known) for name in labels[0]]:
        found = np.asarray(scores, np.float64)
        # Else they are sorted.
        in_one_order = bool((np.diff(found, axis=1) > 0).any())
        if in_one_order and (not class_names or are_numbered(list(map(str, labels[0])))):
            return found, False
    if not class_names:
        raise UserError(
            "answers in a fixed order of classes",
            "scores with the classes beside them",
            "They can be put in order only where an attack names the classes.",
        )
    found = np.zeros((len(scores), len(class_names)))
    for row, (named, values) in enumerate(zip(labels, scores, strict=True)):
        filled: set[int] = set()
        for name, value in zip(named, values, strict=True):
            place = place_of(name, known)
            if place is None:
                raise UserError(
                    f"the attack's class names ({some(class_names)}) beside the scores",
                    repr(name),
                    REMEDY,
                )
            if place in filled:
                raise UserError(
                    "each class once beside the scores of a sample", f"{name!r} twice", REMEDY
                )
            filled.add(place)
            found[row, place] = value
    return found, True


def as_rows(value: Any, rows: int) -> Array | None:
    """An output as a table with a row for each sample; None where it is none."""
    try:
        table = np.asarray(value)
    except ValueError:
        return None
    if table.ndim == 1 and len(table) == rows:
        table = table[:, np.newaxis]
    return table if table.ndim == 2 and len(table) == rows and table.shape[1] else None


def text_of(cell: Any) -> Any:
    """Return a label as text where it is bytes; TF Serving wraps these as {"b64": ...}.

    Args:
        cell: a label as a target gives it.
    """
    if isinstance(cell, Mapping) and set(cell) == {"b64"}:
        import base64  # noqa: PLC0415 - for one rare kind of answer

        return base64.b64decode(str(cell["b64"])).decode("utf-8", "replace")
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell


def _is_number(value: Any) -> bool:
    if isinstance(value, bool | np.bool_):
        return False
    return isinstance(value, int | float | np.integer | np.floating)
