"""What a target's raw answers are: posteriors, logits, labels, rounded or cut to the top few."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ulk_tf.errors import UserError
from ulk_tf.files import Array

SUM_TOLERANCE = 1e-3
MAX_DECIMALS = 6  # float32 posteriors have no decimals left beyond
# Names under which models commonly answer posteriors, the likeliest first.
OUTPUT_NAMES = ("posteriors", "probabilities", "predictions", "softmax", "scores", "output_0")
_WANTED = "posteriors: rows of numbers from 0 to 1 that sum to 1"


@dataclass(frozen=True)
class Interpreted:
    """Answers turned into posteriors.

    Attributes:
        posteriors: float32 [n, classes].
        kind: posteriors, logits, labels, rounded or top-k.
        notes: sentences for the user about what was recognised and done; empty for plain
            posteriors.
    """

    posteriors: Array
    kind: str
    notes: tuple[str, ...] = ()


def checked(values: object, rows: int, classes: int | None = None) -> Array:
    """The raw answers to one request as numbers.

    Args:
        values: what the target answered.
        rows: how many samples were sent.
        classes: how many classes it should tell; None where nobody knows.

    Returns:
        float64 [rows, classes].

    Raises:
        UserError: no numbers, labels only, another shape, or not finite.
    """
    try:
        found = np.asarray(values)
    except ValueError as error:
        raise UserError("answers of equal length for all samples", "ragged ones") from error
    labels_only = "A label alone tells no posterior difference: there is nothing to audit."
    if found.dtype.kind in "USO":
        raise UserError(_WANTED, "text (labels only?)", labels_only)
    if found.dtype.kind not in "fiub":
        raise UserError(_WANTED, f"values of type {found.dtype}")
    if found.shape in ((rows,), (rows, 1)):
        raise UserError(_WANTED, "one number for each sample (labels only)", labels_only)
    if found.ndim != 2 or found.shape[0] != rows or classes not in (None, found.shape[1]):
        wanted = f"answers of shape [{rows}, {classes or 'classes'}]"
        cut = found.ndim == 2 and found.shape[0] == rows and found.shape[1] < (classes or 0)
        hint = f" (only the top {found.shape[1]} classes?)" if cut else ""
        raise UserError(wanted, f"{list(found.shape)}{hint}")
    numbers: Array = found.astype(np.float64)
    if not np.isfinite(numbers).all():
        bad = int((~np.isfinite(numbers)).any(axis=1).sum())
        raise UserError("finite numbers", f"NaN or infinity in {bad} of {rows} answers")
    return numbers


def interpret(values: Array) -> Interpreted:
    """Recognise what `values` are and turn them into posteriors.

    Args:
        values: float64 [n, classes], finite; the more rows, the surer the answer.

    Raises:
        UserError: they are nothing from which posteriors can be had.
    """
    sums = values.sum(axis=1)
    if values.min() < -1e-6:
        note = "The target answers logits; softmax turned them into posteriors."
        return Interpreted(_softmax(values), "logits", (note,))
    decimals = _decimals(values)
    if decimals == 0 and np.isin(values, (0, 1)).all() and np.all(sums == 1):
        note = (
            "The target answers labels only (1 for one class, 0 for the others). Attacks were "
            "trained on full posteriors and read next to nothing from labels."
        )
        return Interpreted(values.astype(np.float32), "labels", (note,))
    slack = SUM_TOLERANCE + (0 if decimals is None else 0.5 * values.shape[1] * 10.0**-decimals)
    kept = (values > 0).sum(axis=1)
    # A server that cuts answers keeps the same number of classes of each.
    top = int(kept.max()) if np.ptp(kept) == 0 and kept.max() < values.shape[1] else None
    if top is None and (values.max() > 1 + slack or np.abs(sums - 1).max() > slack):
        worst = f"rows that sum to {sums.min():.4g} up to {sums.max():.4g}"
        raise UserError(_WANTED, worst, "Independent sigmoids or scores are no posteriors.")
    if top is not None and sums.max() > 1 + slack:
        raise UserError(_WANTED, f"rows that sum to up to {sums.max():.4g}")
    return _coarse(values, decimals, top)


def pick(outputs: Mapping[str, object], wanted: str | None) -> object:
    """The one of several named outputs that holds the posteriors.

    Args:
        outputs: by name.
        wanted: the user's choice; None takes the only one, or one with a usual name.

    Raises:
        UserError: there is no such output, or no telling which.
    """
    if wanted is not None and wanted in outputs:
        return outputs[wanted]
    usual = [name for name in OUTPUT_NAMES if name in outputs]
    if wanted is None and (len(outputs) == 1 or usual):
        return outputs[usual[0] if usual else next(iter(outputs))]
    known = ", ".join(sorted(outputs)) or "none"
    raise UserError(f"--output to be one of {known}", repr(wanted))


def _coarse(values: Array, decimals: int | None, top: int | None) -> Interpreted:
    notes = []
    classes = values.shape[1]
    if top is not None:
        missing = np.clip(1 - values.sum(axis=1, keepdims=True), 0, None)
        values = np.where(values > 0, values, missing / (classes - top))
        notes.append(
            f"The target answers only the top {top} of {classes} classes; what is missing to 1 was "
            "spread over the others. Attacks see less than they were trained on."
        )
    if decimals is not None:
        sums = values.sum(axis=1, keepdims=True)
        values = np.where(sums > 0, values / np.where(sums > 0, sums, 1), 1 / classes)
        notes.append(
            f"The target rounds its answers to {decimals} decimals. Changes below that cannot be "
            "seen, and attacks see less than they were trained on."
        )
    kind = "top-k" if top is not None else "rounded" if decimals is not None else "posteriors"
    return Interpreted(values.astype(np.float32), kind, tuple(notes))


def _decimals(values: Array) -> int | None:
    """To how many decimals all values are rounded; None when they are not."""
    single = values.astype(np.float32)
    for decimals in range(MAX_DECIMALS):
        if np.array_equal(np.round(values, decimals).astype(np.float32), single):
            return decimals
    return None


def _softmax(values: Array) -> Array:
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    return (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)
