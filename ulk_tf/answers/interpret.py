"""The one canonical form of a target's answers: posteriors, and how finely they are told.

Audits, recordings and endpoints all read answers here. Nothing is changed that need not be:
rounded answers are not renormalised, and noise is left where it is.
"""

from dataclasses import dataclass, replace

import numpy as np

from ulk_tf.answers.numbers import LABELS_ONLY, WANTED
from ulk_tf.answers.readings import (
    FEW_ROWS,
    are_logits,
    find_logarithms,
    find_scale,
    is_cut,
    is_truncated,
    noise_of,
    softmax,
    sums_to_one,
)
from ulk_tf.answers.rounding import find_rounding
from ulk_tf.errors import UserError
from ulk_tf.files import Array

EMPTY = "Ask for these samples again: a target that fails on a sample may answer 0."
SATURATED = 1e-6
SORTED_ROWS = 8  # so many rows are not in order of size by chance


@dataclass(frozen=True)
class Interpreted:
    """Answers turned into posteriors.

    Attributes:
        posteriors: float32 [n, classes]; the mean where each sample was asked several times.
        kind: posteriors, logits, labels, rounded, top-k or noisy.
        notes: sentences for the user about what was recognised and done; empty for plain
            posteriors.
        step: distance between two neighbouring posteriors as far as the answers were rounded,
            the largest there is; 0 where they were not.
        noise: estimated standard deviation of noise on each posterior; 0 where there is none.
        spread: largest difference between posteriors of one sample that was asked several
            times, for the means; 0 where each was asked once.
    """

    posteriors: Array
    kind: str
    notes: tuple[str, ...] = ()
    step: float = 0.0
    noise: float = 0.0
    spread: float = 0.0


def interpret(values: Array, classes: int | None = None) -> Interpreted:
    """Recognise what `values` are and turn them into posteriors.

    Args:
        values: float64 [n, classes], finite, or [repeats, n, classes] where each sample was
            asked several times; the more rows, the surer the answer. A single column is a
            sigmoid, and two classes.
        classes: number of classes that there should be; None where nobody knows.

    Raises:
        UserError: they are nothing from which posteriors can be had.
    """
    repeats = values if values.ndim == 3 else values[np.newaxis]
    rows = repeats.reshape(-1, repeats.shape[-1])
    return _averaged(_read(rows, classes, logits=False), len(repeats))


def interpret_both(
    before: Array, after: Array, classes: int | None = None
) -> tuple[Interpreted, Interpreted]:
    """Read the answers of two versions alike.

    A version whose logits look like something else by chance is read as the other one is; where
    one certainly answers posteriors and the other one certainly logits, each is what it is.

    Args:
        before: as `interpret` takes it.
        after: the same of the other version.
        classes: number of classes that there should be; None where nobody knows.

    Raises:
        UserError: as `interpret`.
    """
    pair = (before, after)
    found = [_attempt(values, classes) for values in pair]
    kinds = [one.kind if isinstance(one, Interpreted) else "" for one in found]
    if "logits" in kinds and set(kinds) != {"logits"}:
        number = kinds.index("logits")
        other = 1 - number
        # Noise and refusals are weak evidence; rows that sum to 1 are strong.
        if kinds[other] == "noisy" and before.shape == after.shape:
            both = _attempt(np.concatenate(pair, axis=-2), classes)
            if isinstance(both, Interpreted) and both.kind == "noisy":
                return _halved(both)
        if kinds[other] in ("", "noisy") or before.shape[-1] == 1:
            found[other] = _attempt(pair[other], classes, logits=True)
    for one in found:
        if isinstance(one, UserError):
            raise one
    first, second = (one for one in found if isinstance(one, Interpreted))
    return first, second


def _halved(both: Interpreted) -> tuple[Interpreted, Interpreted]:
    """The readings of two versions that were read as one."""
    first, second = np.split(both.posteriors, 2)
    return replace(both, posteriors=first), replace(both, posteriors=second)


def _attempt(values: Array, classes: int | None, logits: bool = False) -> Interpreted | UserError:
    if not logits:
        try:
            return interpret(values, classes)
        except UserError as error:
            return error
    repeats = values if values.ndim == 3 else values[np.newaxis]
    rows = repeats.reshape(-1, repeats.shape[-1])
    return _averaged(_read(rows, classes, logits=True), len(repeats))


def _read(values: Array, classes: int | None, logits: bool) -> Interpreted:
    """Read rows, as logits in any case or as what they are."""
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
    notes += [*found.notes, *_doubts(found)]
    return Interpreted(
        found.posteriors.astype(np.float32), found.kind, tuple(notes), found.step, found.noise
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


def _doubts(found: Interpreted) -> list[str]:
    """Notes about posteriors that are read as they are."""
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


def _averaged(found: Interpreted, repeats: int) -> Interpreted:
    """The mean over repeats of all samples, and how far these lay apart."""
    if repeats == 1:
        return found
    each = found.posteriors.reshape(repeats, -1, found.posteriors.shape[1]).astype(np.float64)
    # Means of more repeats lie nearer together than single answers.
    spread = float(np.ptp(each, axis=0).max()) * np.sqrt(2 / repeats)
    mean = each.mean(axis=0).astype(np.float32)
    return Interpreted(mean, found.kind, found.notes, found.step, found.noise, float(spread))
