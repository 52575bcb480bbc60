"""Checks of what a user's procedure returns: one sentence that names the method."""

import contextlib
import traceback
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ulk_tf.classifiers.procedure import Weights
from ulk_tf.errors import UserError
from ulk_tf.files import Array

# Greatest distance from 1 of the sum of a row, by the bytes of a value.
_CLOSE = {2: 2**-8, 4: 1e-3, 8: 1e-3}
SEED_REMEDY = "Draw all randomness from the seed that the method is given."


@contextlib.contextmanager
def named(method: str) -> Iterator[None]:
    """Turn an exception of a user's method into a `UserError` that names it.

    Args:
        method: name of the procedure and of the method.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # a user's method may raise anything
        reason = " ".join(str(error).split())[:300]
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{frame.filename.rpartition('/')[2]}, line {frame.lineno}"
        raise UserError(
            f"{method} to return without an error",
            f"{type(error).__name__}{': ' * bool(reason)}{reason} ({where})",
        ) from error


@contextlib.contextmanager
def unchanged(method: str, arguments: Sequence[tuple[str, Sequence[Array]]]) -> Iterator[None]:
    """Raise `UserError` if arrays are changed within the block.

    Args:
        method: name of the procedure and of the method.
        arguments: name and arrays of each argument of the method.
    """
    before = [[array.copy() for array in arrays] for _, arrays in arguments]
    yield
    for (name, arrays), copies in zip(arguments, before, strict=True):
        if not same(arrays, copies):
            raise UserError(
                f"{method} to leave its arguments unchanged",
                f"{name} changed in place",
                "Change copies: array.copy().",
            )


def same(one: Sequence[Array], other: Sequence[Array]) -> bool:
    """Return True if two sequences of arrays are equal."""
    return len(one) == len(other) and all(map(np.array_equal, one, other))


def checked_weights(method: str, weights: Any) -> Weights:
    """Return weights as a tuple.

    Args:
        method: name of the procedure and of the method.
        weights: what the method returned.

    Raises:
        UserError: they are no tuple of finite arrays of numbers.
    """
    wanted = f"{method} to return weights: a tuple of NumPy arrays of finite numbers"
    if not isinstance(weights, tuple | list):
        raise UserError(wanted, _kind(weights))
    for number, weight in enumerate(weights):
        if not isinstance(weight, np.ndarray):
            raise UserError(wanted, f"{_kind(weight)} at position {number}")
        if weight.dtype.kind not in "biuf":
            raise UserError(wanted, f"an array of {weight.dtype} at position {number}")
        if not np.isfinite(weight).all():
            raise UserError(
                wanted, f"NaN or infinity at position {number}", "Lower its learning rate."
            )
    return tuple(weights)


def checked_posteriors(method: str, answers: Any, samples: int, classes: int) -> Array:
    """Return posteriors as they are.

    Args:
        method: name of the procedure and of the method.
        answers: what the method returned.
        samples: number of samples that it was given.
        classes: number of classes.

    Raises:
        UserError: they are no posteriors [samples, classes].
    """
    wanted = f"{method} to return posteriors: floats {[samples, classes]} whose rows sum to 1"
    if not isinstance(answers, np.ndarray):
        raise UserError(wanted, _kind(answers), "Return a NumPy array.")
    if answers.shape != (samples, classes):
        raise UserError(wanted, f"an array {list(answers.shape)}")
    if answers.dtype.kind != "f":
        raise UserError(wanted, f"an array of {answers.dtype}")
    if not np.isfinite(answers).all():
        raise UserError(wanted, "NaN or infinity", "Lower its learning rate.")
    sums = answers.sum(-1, dtype=np.float64)
    worst = int(np.abs(sums - 1).argmax())
    if answers.min() < 0 or abs(sums[worst] - 1) > _CLOSE.get(answers.dtype.itemsize, 1e-3):
        received = f"{answers.min():.3g}" if answers.min() < 0 else f"a sum of {sums[worst]:.3g}"
        raise UserError(wanted, received, "Apply softmax to logits.")
    return answers


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"a {name}" if name[0].lower() not in "aeiou" else f"an {name}"
