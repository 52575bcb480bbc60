"""Answers of one version: the unit that they are told in first, then their kind."""

from dataclasses import replace

import numpy as np

from ulk_tf.answers.doubts import doubts_about
from ulk_tf.answers.interpreted import OF_LOGITS, Interpreted
from ulk_tf.answers.kinds import logits_of, posteriors_of, recognised
from ulk_tf.answers.normalised import undo_normalising
from ulk_tf.answers.numbers import LABELS_ONLY, WANTED
from ulk_tf.answers.rounded_logits import find_rounded_logits
from ulk_tf.answers.rounding import Rounding, find_rounding, moved_by_logits
from ulk_tf.answers.told_rows import Rows
from ulk_tf.answers.units import Scale, find_scale, possible_scales, whole_of_one
from ulk_tf.errors import UserError
from ulk_tf.files import Array

# Significant digits, and the step of decimals, by which rounded logits are not hidden.
FINE_DIGITS, FINE_STEP = 5, 1e-6


def read_rows(values: Array, classes: int | None, logits: bool) -> Interpreted:
    """Read rows, as logits in any case or as what they are.

    Args:
        values: float64 [n, classes], finite; a single column is a sigmoid, and two classes.
        classes: number of classes that there should be; None where nobody knows.
        logits: whether they are logits whatever they look like.

    Raises:
        UserError: they are nothing from which posteriors can be had.
    """
    notes: list[str] = []
    if values.shape[1] == 1 and classes in (2, None):
        values, logits = _two_classes(values, notes, logits)
    elif classes not in (None, values.shape[1]):
        raise UserError(f"answers for {classes} classes", f"for {values.shape[1]}")
    rounding = find_rounding(values)
    if logits:
        found = logits_of(_rows(values, rounding))
    else:
        found, rounding = _with_unit(values, rounding, notes)
    found, rounding = _of_logits(found, rounding)
    notes += [*found.notes, *doubts_about(found)]
    return replace(
        found,
        posteriors=found.posteriors.astype(np.float32),
        notes=tuple(notes),
        rounding=rounding if found.kind in ("rounded", *OF_LOGITS) else None,
    )


def _of_logits(
    found: Interpreted, rounding: Rounding | None
) -> tuple[Interpreted, Rounding | None]:
    """Find how logits were rounded, also where a target answers the posteriors of such."""
    off = _off(found, rounding)
    told = find_rounded_logits(found.posteriors, *off) if off else None
    if told is None:
        return found, None if found.kind == "logits" else rounding
    step = moved_by_logits(told.step)
    if found.kind == "logits":
        return replace(found, step=found.step or step), told
    note = (
        f"The target computes its posteriors from logits that are rounded {told.words}. "
        "Attacks see less than from exact ones, unless they were trained for it."
    )
    # The note on a least posterior was about equal logits.
    notes = () if found.kind == "censored" else found.notes
    return replace(found, kind="rounded logits", notes=(*notes, note), step=step, noise=0.0), told


def _off(found: Interpreted, rounding: Rounding | None) -> tuple[float, float] | None:
    """Tell by how much posteriors may be off beside float32, and by which share of each.

    Returns:
        None where that is so much that nothing can be told of logits.
    """
    if found.kind in ("posteriors", "logits", "censored"):
        return 0.0, 0.0
    if found.kind != "rounded" or rounding is None:
        return None
    if rounding.digits:
        return (0.0, 10.0 ** (1 - rounding.digits)) if rounding.digits >= FINE_DIGITS else None
    return (found.step, 0.0) if found.step <= FINE_STEP else None


def _with_unit(
    values: Array, rounding: Rounding | None, notes: list[str]
) -> tuple[Interpreted, Rounding | None]:
    """Read rows in the unit that explains them; say what it is among the notes."""
    scale, found = find_scale(values, rounding), None
    if scale is None:
        # Posteriors that are cut, noisy or raised to a least value sum to no whole.
        attempts = (
            (one, posteriors_of(_rows(values, rounding, one)))
            for one in possible_scales(values, rounding)
        )
        scale, found = next((pair for pair in attempts if pair[1] is not None), (None, None))
    if scale is not None:
        notes.append(f"The target answers in {scale.words}; that was turned into 0 to 1.")
        if found is not None or rounding is not None:
            return found or recognised(_rows(values, rounding, scale)), rounding
        values = (values + scale.zero) / scale.whole
    # A quotient in float32 may look like many significant digits or decimals.
    many = rounding is None or rounding.digits or rounding.step < FINE_STEP
    undone = undo_normalising(values) if many else None
    if undone is not None:
        values, rounding = undone
        notes.append("The target scales rounded answers to a sum of 1; that was undone.")
    return recognised(_rows(values, rounding)), rounding


def _rows(values: Array, rounding: Rounding | None, scale: Scale | None = None) -> Rows:
    zero, whole = (scale.zero, scale.whole) if scale else (0.0, 1.0)
    values = (values + zero) / whole if scale else values
    if rounding is None:
        return Rows(values, "", 0.0)
    return Rows(values, rounding.words, rounding.step / whole, rounding.digits)


def _two_classes(values: Array, notes: list[str], logits: bool) -> tuple[Array, bool]:
    """Both classes of a single unit: a sigmoid's, or its logit's."""
    whole = np.array_equal(values, np.rint(values))
    if whole and values.max() > 1:
        raise UserError(WANTED, "one number for each sample (labels only)", LABELS_ONLY)
    unit = 0.0 if logits else whole_of_one(values)
    if not unit:
        notes.append("The target answers one logit; it was taken for that of the second class.")
        return np.concatenate([np.zeros_like(values), values], axis=1), True
    if unit > 1:
        notes.append("The target answers in percent; that was turned into 0 to 1.")
        values = values / unit
    notes.append(
        "The target answers one number from 0 to 1, as one sigmoid unit does; it was taken for "
        "the posterior of the second of two classes."
    )
    return np.concatenate([1 - values, values], axis=1), False
