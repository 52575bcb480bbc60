"""Finding the posteriors among what a target answers: by output, and by class name."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ulk_tf.answers.numbers import plain
from ulk_tf.blackbox.class_names import are_numbered, reorder, some
from ulk_tf.blackbox.labelled import (
    REMEDY,
    Labelled,
    as_rows,
    in_order,
    ranked,
    scored_rows,
)
from ulk_tf.blackbox.single_columns import LABELS_NOTE, both_classes, one_hot
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
        answer: an array, a table with named columns, a list with a mapping for each sample or a
            list of scored labels, or a mapping from the name of an output to its values.
        rows: number of samples that were sent.
        wanted: name of the output that holds the posteriors; None finds it.
        class_names: in the order that the attack knows; empty where nobody knows them.

    Returns:
        The values, a row for each sample and a column for each class; and notes for the user.

    Raises:
        UserError: there is no such output, no telling which, or scores whose classes cannot be
            told.
    """
    values, notes = _selected(answer, rows, wanted, class_names)
    labels = one_hot(values, rows, class_names)
    return (values, notes) if labels is None else (labels, (*notes, LABELS_NOTE))


def _selected(
    answer: Any, rows: int, wanted: str | None, class_names: Sequence[str]
) -> tuple[Any, tuple[str, ...]]:
    if hasattr(answer, "columns") and hasattr(answer, "to_numpy"):
        return by_columns(list(map(str, answer.columns)), answer.to_numpy(), class_names)
    labelled: Labelled | None = scored_rows(answer, class_names) if wanted is None else None
    outputs = _by_name(answer) if labelled is None else {}
    if outputs is None:
        return answer, ()
    columns = _columns(outputs) if wanted is None and labelled is None else None
    named = columns is not None and reorder(columns, list(outputs), class_names) is not None
    labelled = labelled or (None if named else ranked(outputs, wanted, rows))
    if labelled is not None:
        found, put = in_order(*labelled, class_names)
        return found, ((SORTED_NOTE,) if put else ())
    if columns is not None and (named or len(outputs) == len(class_names) > 2):
        return by_columns(list(outputs), columns, class_names)
    chosen = pick(outputs, wanted, rows)
    if isinstance(chosen, list) and chosen and isinstance(chosen[0], Mapping):
        return _selected(chosen, rows, None, class_names)  # scores by class, below a name
    pair = (
        both_classes(chosen, rows, next(iter(outputs)), class_names) if len(outputs) == 1 else None
    )
    return (chosen, ()) if pair is None else (pair, (ORDER_NOTE,))


def by_columns(
    names: Sequence[str], values: Array, class_names: Sequence[str]
) -> tuple[Array, tuple[str, ...]]:
    """A table with named columns in the order of the attack's classes.

    Args:
        names: names of the columns.
        values: [rows, columns].
        class_names: in the order that the attack knows; empty where nobody knows them.

    Returns:
        The values, as they are where the names name no classes; and notes.

    Raises:
        UserError: there are as many columns as classes, under other names: they may be in any
            order.
    """
    if len(names) == 1:
        pair = both_classes(values, len(values), names[0], class_names)
        return (values, ()) if pair is None else (pair, (ORDER_NOTE,))
    ordered = reorder(values, names, class_names)
    if ordered is None:
        if len(names) == len(class_names) > 1 and any(names) and not are_numbered(names):
            raise UserError(
                f"columns named after the attack's classes ({some(class_names)})",
                some([repr(name) for name in names]),
                REMEDY,
            )
        return values, ()
    return ordered, (() if np.array_equal(ordered, values) else (ORDER_NOTE,))


def pick(outputs: Mapping[str, Any], wanted: str | None, rows: int | None = None) -> Any:
    """The one of several named outputs that holds the posteriors.

    Args:
        outputs: by name.
        wanted: the user's choice; None takes the only one, one with a usual name, or the only
            one that has a row of several numbers for each sample.
        rows: number of samples that were sent; None where nobody knows.

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


def _is_table(value: Any, rows: int | None) -> bool:
    if rows is None:
        return False
    if isinstance(value, list) and len(value) == rows and isinstance(value[0], Mapping):
        return len(value[0]) > 1 and all(isinstance(v, float) for v in value[0].values())
    table = as_rows(value, rows)
    return table is not None and table.shape[1] > 1 and table.dtype.kind in "fV"
