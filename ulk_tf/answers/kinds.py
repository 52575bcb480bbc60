"""Kinds of answers, and how rows of each become posteriors.

Nothing is changed that need not be: rounded answers are not renormalised, and noise is left where
it is.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from scipy.special import softmax

from ulk_tf.answers.censored import are_censored, hide_small
from ulk_tf.answers.interpreted import Interpreted
from ulk_tf.answers.numbers import WANTED
from ulk_tf.answers.readings import (
    are_logits,
    is_cut,
)
from ulk_tf.answers.rounding import moved_by_logits
from ulk_tf.answers.told_rows import Rows
from ulk_tf.answers.units import ODDS, find_logarithms
from ulk_tf.errors import UserError
from ulk_tf.files import Array

LEAST_RANGE = 10.0  # range of a row of posteriors, in deviations of their noise
_HIDDEN = (
    "The target hides its small posteriors: they are 0, or about one least value. So do services "
    "that cut them or add to all, and trees, neighbours and isotonic calibration by themselves. An "
    "attack that was trained on exact answers would take each that crosses it for a jump."
)
EMPTY = "Ask for these samples again: a target that fails on a sample may answer 0."


def recognised(rows: Rows) -> Interpreted:
    """Read rows as the first kind that explains them.

    Raises:
        UserError: none does.
    """
    for read in _KINDS:
        found = read(rows)
        if found is not None:
            return found
    sums = rows.values.sum(axis=1)
    raise UserError(
        WANTED,
        f"values from {rows.values.min():.4g} to {rows.values.max():.4g} in rows that sum to "
        f"{sums.min():.4g} up to {sums.max():.4g}",
        "Independent sigmoids, scores or an unknown unit are no posteriors: let the target answer "
        "softmax, or name the output that holds it with --output.",
    )


def posteriors_of(rows: Rows) -> Interpreted | None:
    """Read rows as posteriors, and never as logits; None where they are none."""
    found = next((found for read in _POSTERIORS if (found := read(rows)) is not None), None)
    # Logits may sum to about a whole by chance; noise as large as all differences tells nothing.
    ranges = float(np.median(np.ptp(rows.values, axis=1)))
    return None if found is None or ranges < LEAST_RANGE * found.noise else found


def logits_of(rows: Rows) -> Interpreted:
    """Read rows as logits, whatever they look like."""
    notes = ["The target answers logits; softmax turned them into posteriors."]
    if rows.values.min() >= 0 and rows.values.shape[1] > 1:
        notes = [
            "The target answers numbers above 0 that sum to anything; they were taken for logits, "
            "and softmax turned them into posteriors."
        ]
    if rows.step:
        notes.append(
            f"The target rounds its logits {rows.words}. Changes below that cannot be seen, and "
            "attacks see less than they were trained on."
        )
    return _softmaxed(rows.values, notes, rows.step)


def _softmaxed(logits: Array, notes: Iterable[str], step: float) -> Interpreted:
    posteriors, moved = softmax(logits, axis=1), moved_by_logits(step)
    if hide_small(logits, step):
        return Interpreted(posteriors, "censored", (*notes, _HIDDEN), moved)
    return Interpreted(posteriors, "logits", tuple(notes), moved, logits=logits)


def _labels(rows: Rows) -> Interpreted | None:
    values = rows.values
    if not (np.isin(values, (0, 1)).all() and np.all(values.sum(axis=1) == 1)):
        return None
    note = (
        "The target answers labels only (1 for one class, 0 for the others), from which only "
        "attacks that were trained for it read anything."
    )
    return Interpreted(values, "labels", (note,))


def _with_gaps(rows: Rows) -> None:
    """Refuse rows of nothing but zeros among full ones."""
    empty, full = rows.kept == 0, rows.kept == rows.values.shape[1]
    if not rows.step and empty.any() and full.any() and (empty | full).all():
        raise UserError(
            WANTED, f"nothing but 0 in {int(empty.sum())} of {len(empty)} answers", EMPTY
        )


def _cut(rows: Rows) -> Interpreted | None:
    if not is_cut(rows.values, rows.step):
        return None
    if rows.whole and (rows.step or not rows.even):
        return None
    values, note = _spread(rows.values, rows.kept)
    return Interpreted(values, "top-k", (note, *rows.rounded), rows.step)


def _logarithms(rows: Rows) -> Interpreted | None:
    told = None if rows.whole else find_logarithms(rows.values, rows.step)
    if told is None:
        return None
    words, logits, step = told
    note = f"The target answers {words}; they were turned into posteriors."
    if words != ODDS:
        return _softmaxed(logits, (note,), step)
    # Small odds are about as large as posteriors, and are rounded and hidden like them.
    values = np.where(rows.values > 0, np.exp(logits), 0.0)
    found = posteriors_of(replace(rows, values=values))
    return found and replace(found, notes=(note, *found.notes))


def _censored(rows: Rows) -> Interpreted | None:
    if not are_censored(rows.values, rows.apart):
        return None
    return Interpreted(rows.values, "censored", (_HIDDEN, *rows.rounded), rows.step)


def _whole(rows: Rows) -> Interpreted | None:
    if not rows.whole or (rows.noise and not rows.step):
        return None
    # A row of which every class rounds to 0 tells nothing.
    empty = (rows.kept == 0)[:, np.newaxis]
    values = np.where(empty, 1 / rows.values.shape[1], rows.values)
    return Interpreted(values, "rounded" if rows.step else "posteriors", rows.rounded, rows.step)


def _noisy(rows: Rows) -> Interpreted | None:
    if rows.noise is None:
        return None
    values, sums = rows.values, rows.values.sum(axis=1)
    note = (
        f"The target adds noise to its answers (values from {values.min():.2g} to "
        f"{values.max():.4g}, rows that sum to {sums.min():.4g} up to {sums.max():.4g}); they "
        "were left as they are. Changes below the noise cannot be seen: --repeat=10 asks "
        "each sample ten times and takes the mean."
    )
    return Interpreted(values, "noisy", (note, *rows.rounded), rows.step, rows.noise)


def _logits(rows: Rows) -> Interpreted | None:
    return logits_of(rows) if are_logits(rows.values, rows.step) else None


# In this order: the first that explains all rows is taken.
_Reader = Callable[[Rows], Interpreted | None]
_POSTERIORS: tuple[_Reader, ...] = (_labels, _cut, _censored, _whole, _noisy)
_KINDS: tuple[_Reader, ...] = (
    *(_labels, _with_gaps, _cut, _logarithms, _censored, _whole, _noisy),
    _logits,
)


def _spread(values: Array, kept: Array) -> tuple[Array, str]:
    """Spread what is missing to 1 evenly over the classes that were cut.

    Sums of float32 numbers tell it only to some steps at 1; a class that was cut has less than the
    smallest that was kept in any case.
    """
    classes = values.shape[1]
    missing = np.clip(1 - values.sum(axis=1, keepdims=True), 0, None)
    cut = np.maximum(classes - kept, 1)[:, np.newaxis]
    fewest, most = int(kept.min()), int(kept.max())
    number = str(most) if fewest == most else f"{fewest} to {most}"
    note = (
        f"The target answers only the top {number} of {classes} classes; what is missing to 1 was "
        "spread over the others."
    )
    smallest = np.where(values > 0, values, np.inf).min(axis=1, keepdims=True)
    below = np.nextafter(smallest.astype(np.float32), np.float32(0))
    return np.where(values > 0, values, np.minimum(missing / cut, below)), note
