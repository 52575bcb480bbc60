"""Kinds of answers, and how rows of each become posteriors.

Nothing is changed that need not be: rounded answers are not renormalised, and noise is left where
it is.
"""

from dataclasses import replace

import numpy as np

from ulk_tf.answers.doubts import doubts_about
from ulk_tf.answers.interpreted import Interpreted
from ulk_tf.answers.numbers import LABELS_ONLY, WANTED
from ulk_tf.answers.readings import (
    FEW_ROWS,
    are_logits,
    is_cut,
    is_truncated,
    noise_of,
    softmax,
    sums_to_one,
)
from ulk_tf.answers.rounding import find_rounding
from ulk_tf.answers.units import find_logarithms, find_scale
from ulk_tf.errors import UserError
from ulk_tf.files import Array

EMPTY = "Ask for these samples again: a target that fails on a sample may answer 0."


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
    scale = None if logits else find_scale(values, rounding)
    step = rounding.step if rounding else 0.0
    if scale is not None:
        values, step = (values + scale.zero) / scale.whole, step / scale.whole
        notes.append(f"The target answers in {scale.words}; that was turned into 0 to 1.")
    words = rounding.words if rounding else ""
    found = _logits(values, words, step) if logits else _posteriors(values, words, step)
    notes += [*found.notes, *doubts_about(found)]
    return replace(
        found,
        posteriors=found.posteriors.astype(np.float32),
        notes=tuple(notes),
        rounding=rounding if found.kind == "rounded" else None,
    )


def _two_classes(values: Array, notes: list[str], logits: bool) -> tuple[Array, bool]:
    """Both classes of a single unit: a sigmoid's, or its logit's."""
    whole = np.array_equal(values, np.rint(values))
    if whole and values.max() > 1:
        raise UserError(WANTED, "one number for each sample (labels only)", LABELS_ONLY)
    if not logits and values.min() >= 0 and values.max() > 1:
        # A logit of 40 is a posterior of which a float32 knows no difference from 1.
        if 40 < values.max() <= 100:
            notes.append("The target answers in percent; that was turned into 0 to 1.")
            values = values / 100
        elif len(values) >= FEW_ROWS:
            raise UserError(
                "one posterior for each sample, from 0 to 1, or one logit",
                f"numbers from {values.min():.4g} to {values.max():.4g}",
                "Where they are percent, let the target answer a hundredth; where logits, sigmoid.",
            )
    if logits or values.min() < 0 or values.max() > 1:
        notes.append("The target answers one logit; it was taken for that of the second class.")
        return np.concatenate([np.zeros_like(values), values], axis=1), True
    notes.append(
        "The target answers one number from 0 to 1, as one sigmoid unit does; it was taken for "
        "the posterior of the second of two classes."
    )
    return np.concatenate([1 - values, values], axis=1), False


def _posteriors(values: Array, words: str, step: float) -> Interpreted:
    """Posteriors as they are, cut or noisy; logits where nothing else is left."""
    if np.isin(values, (0, 1)).all() and np.all(values.sum(axis=1) == 1):
        note = (
            "The target answers labels only (1 for one class, 0 for the others). Attacks were "
            "trained on full posteriors and read next to nothing from labels."
        )
        return Interpreted(values, "labels", (note,))
    rounded = [
        f"The target rounds its answers {words}. Changes below that cannot be seen, and attacks "
        "see less than they were trained on."
    ]
    kind = "rounded" if step else "posteriors"
    kept = (values > 0).sum(axis=1)
    even = bool(np.ptp(kept) == 0 and kept.max() < values.shape[1])
    whole = sums_to_one(values, step)
    # Who cuts answers to the top few keeps as many of each, but for those that round to 0.
    most = kept.max()
    if is_truncated(values, step) and (most == values.shape[1] or (kept == most).mean() < 0.5):
        whole = True
    empty = kept == 0
    full = kept == values.shape[1]
    if not step and empty.any() and full.any() and (empty | full).all():
        raise UserError(
            WANTED, f"nothing but 0 in {int(empty.sum())} of {len(values)} answers", EMPTY
        )
    if is_cut(values, step) and (even if whole and not step else not whole):
        values, note = _spread(values, kept)
        notes = [note, *(rounded if step else [])]
        return Interpreted(values, "top-k", tuple(notes), step)
    told = None if whole else find_logarithms(values, step)
    if told is not None:
        note = f"The target answers {told[0]}; they were turned into posteriors."
        return Interpreted(told[1], "logits", (note,), step)
    noise = noise_of(values)
    if whole and (step or not noise):
        # A row of which every class rounds to 0 tells nothing.
        values = np.where(empty[:, np.newaxis], 1 / values.shape[1], values)
        return Interpreted(values, kind, tuple(rounded if step else ()), step)
    if noise is not None:
        sums = values.sum(axis=1)
        note = (
            f"The target adds noise to its answers (values from {values.min():.2g} to "
            f"{values.max():.4g}, rows that sum to {sums.min():.4g} up to {sums.max():.4g}); they "
            "were left as they are. Changes below the noise cannot be seen: --repeat=10 asks "
            "each sample ten times and takes the mean."
        )
        notes = [note, *(rounded if step else [])]
        return Interpreted(values, "noisy", tuple(notes), step, noise)
    if are_logits(values, step):
        return _logits(values, words, step)
    sums = values.sum(axis=1)
    raise UserError(
        WANTED,
        f"values from {values.min():.4g} to {values.max():.4g} in rows that sum to "
        f"{sums.min():.4g} up to {sums.max():.4g}",
        "Independent sigmoids or scores are no posteriors: let the target answer softmax, or "
        "name the output that holds it with --output.",
    )


def _logits(values: Array, words: str, step: float) -> Interpreted:
    notes = ["The target answers logits; softmax turned them into posteriors."]
    if values.min() >= 0 and values.shape[1] > 1:
        notes = [
            "The target answers numbers above 0 that sum to anything; they were taken for logits, "
            "and softmax turned them into posteriors."
        ]
    if step:
        notes.append(
            f"The target rounds its logits {words}. Changes below that cannot be seen, and "
            "attacks see less than they were trained on."
        )
    # Two logits that move by a step each, against one another, move a posterior by half of it.
    return Interpreted(softmax(values), "logits", tuple(notes), min(step / 2, 1.0))


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
        "spread over the others. Attacks see less than they were trained on."
    )
    smallest = np.where(values > 0, values, np.inf).min(axis=1, keepdims=True)
    below = np.nextafter(smallest.astype(np.float32), np.float32(0))
    return np.where(values > 0, values, np.minimum(missing / cut, below)), note
