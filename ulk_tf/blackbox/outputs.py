"""Finding the posteriors among what a target answers: by output, and by class name."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ulk_tf.answers.numbers import plain
from ulk_tf.errors import UserError
from ulk_tf.files import Array

# Names under which models commonly answer posteriors, the likeliest first.
OUTPUT_NAMES = ("posteriors", "probabilities", "predictions", "softmax", "scores", "output_0")
SORTED_NOTE = (
    "The target names the classes beside its scores; the scores were put in the order of the "
    "attack's classes."
)
ORDER_NOTE = "The columns were put in the order of the attack's classes, by their names."


def select(
    answer: Any, rows: int, wanted: str | None, class_names: Sequence[str] = ()
) -> tuple[Any, tuple[str, ...]]:
    """Find the posteriors in an answer.

    Args:
        answer: an array, a table with named columns, a list with a mapping for each sample, or a
            mapping from the name of an output to its values.
        rows: how many samples were sent.
        wanted: name of the output that holds the posteriors; None finds it.
        class_names: in the order that the attack knows; empty where nobody knows them.

    Returns:
        The values, a row for each sample and a column for each class; and notes for the user.

    Raises:
        UserError: there is no such output, no telling which, or scores whose classes cannot be
            told.
    """
    if hasattr(answer, "columns") and hasattr(answer, "to_numpy"):
        return by_columns(list(map(str, answer.columns)), answer.to_numpy(), class_names)
    outputs = _by_name(answer)
    if outputs is None:
        return answer, ()
    columns = _columns(outputs) if wanted is None else None
    if columns is not None and reorder(columns, list(outputs), class_names) is not None:
        return by_columns(list(outputs), columns, class_names)
    ranked = _ranked(outputs, wanted, rows)
    if ranked is None:
        return pick(outputs, wanted, rows), ()
    labels, scores = ranked
    fixed_order = all(row == labels[0] for row in labels) and (np.diff(scores, axis=1) > 0).any()
    known = _places(class_names)
    if fixed_order and not all(_key(name) in known for name in labels[0]):
        return scores, ()  # the names are others, but the order is one
    return _in_order(labels, scores, class_names), (SORTED_NOTE,)


def by_columns(
    names: Sequence[str], values: Array, class_names: Sequence[str]
) -> tuple[Array, tuple[str, ...]]:
    """A table with named columns in the order of the attack's classes.

    Args:
        names: of the columns.
        values: [rows, columns].
        class_names: in the order that the attack knows; empty where nobody knows them.

    Returns:
        The values, as they are where the names are not those of the classes; and notes.
    """
    ordered = reorder(values, names, class_names)
    if ordered is None:
        return values, ()
    return ordered, (() if np.array_equal(ordered, values) else (ORDER_NOTE,))


def pick(outputs: Mapping[str, Any], wanted: str | None, rows: int | None = None) -> Any:
    """The one of several named outputs that holds the posteriors.

    Args:
        outputs: by name.
        wanted: the user's choice; None takes the only one, one with a usual name, or the only
            one that has a row of several numbers for each sample.
        rows: how many samples were sent; None where nobody knows.

    Raises:
        UserError: there is no such output, or no telling which.
    """
    if wanted is not None and wanted in outputs:
        return outputs[wanted]
    usual = [name for name in OUTPUT_NAMES if name in outputs]
    fitting = [name for name, value in outputs.items() if _is_table(value, rows)]
    for found in (list(outputs), usual[:1], fitting):
        if wanted is None and len(found) == 1:
            return outputs[found[0]]
    known = ", ".join(sorted(outputs)) or "none"
    raise UserError(f"--output to be one of {known}", repr(wanted))


def reorder(values: Array, names: Sequence[str], class_names: Sequence[str]) -> Array | None:
    """Columns in the order of the attack's classes; None where the names are others.

    Args:
        values: [rows, columns].
        names: of the columns.
        class_names: in the order that the attack knows.
    """
    places = _places(class_names)
    found = [places.get(_key(name)) for name in names]
    if not class_names or None in found or len(set(found)) != len(class_names):
        return None
    if len(names) != len(class_names):
        return None
    return values[:, np.argsort(np.array(found, int))]


def _by_name(answer: Any) -> dict[str, Any] | None:
    """Outputs by name; None where the answer is a bare array."""
    if isinstance(answer, Mapping):
        return {str(name): plain(value) for name, value in answer.items()}
    if not isinstance(answer, list) or not answer:
        return None
    if isinstance(answer[0], Mapping):
        return _merged(answer)
    if all(isinstance(row, list) and row and isinstance(row[0], Mapping) for row in answer):
        return _merged([_merged(row) for row in answer])  # a list of scored labels for each
    return None


def _merged(rows: Sequence[Any]) -> dict[str, Any]:
    """One mapping of columns from a mapping for each row."""
    first = rows[0]
    if not all(isinstance(row, Mapping) and row.keys() == first.keys() for row in rows):
        raise UserError("the same outputs for every sample", "different ones")
    return {str(name): [row[name] for row in rows] for name in first}


def _columns(outputs: Mapping[str, Any]) -> Array | None:
    """Outputs that are one column of numbers each, side by side; None where they are not."""
    try:
        columns = [np.asarray(value) for value in outputs.values()]
    except ValueError:
        return None
    if len(columns) < 2 or any(c.dtype.kind not in "fiu" or c.ndim not in (1, 2) for c in columns):
        return None
    if any(c.size != len(columns[0]) or len(c) != len(columns[0]) for c in columns):
        return None
    return np.stack([c.ravel() for c in columns], axis=1)


def _ranked(
    outputs: Mapping[str, Any], wanted: str | None, rows: int
) -> tuple[list[list[Any]], Array] | None:
    """Class names and scores, a row for each sample; None where there are no such outputs."""
    tables = {name: _as_rows(value, rows) for name, value in outputs.items()}
    scores = {
        name: table
        for name, table in tables.items()
        if table is not None and table.dtype.kind == "f" and wanted in (None, name)
    }
    for score in scores.values():
        for name, table in tables.items():
            if table is None or table.shape != score.shape or table.dtype.kind not in "USOiu":
                continue
            labels = [[_text(cell) for cell in row] for row in table]
            # One name for each sample, among other outputs, is only what it was taken for.
            alone = score.shape[1] == 1 and len(tables) > 2
            names = score.shape[1] > 1 or table.dtype.kind in "USO" or "class" in name
            if names and not alone and all(len(set(row)) == len(row) for row in labels):
                return labels, score.astype(np.float64)
    return None


def _in_order(labels: list[list[Any]], scores: Array, class_names: Sequence[str]) -> Array:
    """Scores by class; 0 for a class that a row does not name."""
    if not class_names:
        raise UserError(
            "answers in a fixed order of classes",
            "scores with the classes beside them",
            "They can be put in order only where an attack names the classes.",
        )
    places = _places(class_names)
    found = np.zeros((len(scores), len(class_names)))
    for row, (named, values) in enumerate(zip(labels, scores, strict=True)):
        for name, value in zip(named, values, strict=True):
            place = places.get(_key(name))
            if place is None:
                raise UserError(
                    f"the attack's class names ({_some(class_names)}) beside the scores",
                    repr(name),
                    "Audit with an attack that was trained on the same classes, or let the "
                    "target answer in a fixed order.",
                )
            found[row, place] = value
    return found


def _places(class_names: Sequence[str]) -> dict[str, int]:
    """Columns of the classes: by name, and by number where no name is a number."""
    numbers = {str(place): place for place in range(len(class_names))}
    named = {_key(name): place for place, name in enumerate(class_names)}
    return named if any(name in numbers for name in named) else numbers | named


def _key(name: Any) -> str:
    return " ".join(str(name).split()).casefold()


def _text(cell: Any) -> Any:
    """A label as text; TF Serving wraps bytes as {"b64": ...}."""
    if isinstance(cell, Mapping) and set(cell) == {"b64"}:
        import base64  # noqa: PLC0415 - for one rare kind of answer

        return base64.b64decode(str(cell["b64"])).decode("utf-8", "replace")
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def _as_rows(value: Any, rows: int) -> Array | None:
    """An output as a table with a row for each sample; None where it is none."""
    try:
        table = np.asarray(value)
    except ValueError:
        return None
    if table.ndim == 1 and len(table) == rows:
        table = table[:, np.newaxis]
    return table if table.ndim == 2 and len(table) == rows and table.shape[1] else None


def _is_table(value: Any, rows: int | None) -> bool:
    if rows is None:
        return False
    table = _as_rows(value, rows)
    return table is not None and table.shape[1] > 1 and table.dtype.kind in "fV"
