"""Raw answers as numbers, whatever a framework, a server or a file wraps them in."""

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np

from ulk_tf.errors import UserError
from ulk_tf.files import Array

WANTED = "posteriors: rows of numbers from 0 to 1 that sum to 1"
LABELS_ONLY = (
    "Labels are read where they are the attack's classes: name these as the target does with "
    "--class_names. Posteriors tell far more: if it has them, name their output with --output."
)


def as_mapping(value: object) -> Mapping[str, Any]:
    """Return a value of a stranger's file if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value of a stranger's file is a finite number; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False


def plain(value: Any) -> Any:
    """Convert tensors, tables and sparse matrices to NumPy arrays.

    Args:
        value: a NumPy, TensorFlow, PyTorch or JAX array (on any device, with or without
            gradient), a pandas table, a sparse matrix, or a list of such or of numbers.

    Returns:
        An array, or `value` itself where it is a list of plain objects.
    """
    if hasattr(value, "detach"):  # PyTorch refuses np.asarray while gradients are recorded
        return _from_torch(value.detach().cpu())
    for method in ("to_numpy", "toarray"):
        if hasattr(value, method):
            found = np.asarray(getattr(value, method)())
            rows = found.dtype == object and found.ndim == 1  # a column with a row in each cell
            return np.stack(list(found)) if rows and np.ndim(found[0]) == 1 else found
    if isinstance(value, list | tuple) and any(hasattr(item, "detach") for item in value):
        return [plain(item) for item in value]
    return value


def _from_torch(tensor: Any) -> Array:
    """A PyTorch tensor on the CPU without gradients, in any of its layouts and types."""
    if str(getattr(tensor, "layout", "torch.strided")) != "torch.strided":
        tensor = tensor.to_dense()
    if getattr(tensor, "is_quantized", False):
        tensor = tensor.dequantize()
    if any(name in str(tensor.dtype) for name in ("bfloat16", "float8")):  # NumPy has none
        tensor = tensor.float()
    for method in ("resolve_conj", "resolve_neg"):
        tensor = getattr(tensor, method)() if hasattr(tensor, method) else tensor
    return np.asarray(tensor.numpy())


def as_numbers(values: Array) -> Array:
    """Numbers that stand in an array as objects or text, such as "12.5%", Decimal or pandas' own.

    Args:
        values: an array of any type.

    Returns:
        float64 of the same shape, int64 where a single column holds whole numbers; `values`
        itself where it holds other things or is numeric.
    """
    if values.dtype.kind not in "OUS":
        return _known_type(values)
    try:
        numbers = np.array([_number(cell) for cell in values.ravel()], np.float64)
    except (TypeError, ValueError):
        return values
    column = (
        values.ndim > 0 and values.size == len(values) and np.array_equal(numbers, np.rint(numbers))
    )
    return numbers.astype(np.int64 if column else np.float64).reshape(values.shape)


def _number(cell: Any) -> float:
    if cell is None or type(cell).__name__ == "NAType":  # pandas' own
        return float("nan")
    if isinstance(cell, bytes):
        cell = cell.decode("ascii")
    # Percent stay percent: their unit is recognised from all rows together.
    return float(cell.strip().removesuffix("%") if isinstance(cell, str) else cell)


def checked(values: Any, rows: int, classes: int | None = None) -> Array:
    """Check the raw answers to one request.

    Args:
        values: what the target answered, as `plain` takes it.
        rows: number of samples that were sent.
        classes: number of classes that it should tell; None where nobody knows. A single column
            stands for two classes.

    Returns:
        float64 [rows, columns].

    Raises:
        UserError: no numbers, labels only, another shape, or not finite.
    """
    try:
        found = as_numbers(np.asarray(plain(values)))
    except (ValueError, TypeError) as error:
        raise UserError("answers of equal length for all samples", "ragged ones") from error
    found = _with_gaps(found)
    if found.ndim == 0 and not isinstance(values, np.ndarray):
        raise UserError(WANTED, f"a {type(values).__name__}", "Return an array or a list of rows.")
    if found.dtype.kind in "USO":
        raise UserError(WANTED, "text (labels only?)", LABELS_ONLY)
    if found.dtype.kind not in "fiub":
        raise UserError(WANTED, f"values of type {found.dtype}")
    column = found.shape in ((rows,), (rows, 1))
    if column:
        # A saturated sigmoid is whole, too, but has its own axis.
        unit = found.dtype.kind == "f" and (
            found.ndim == 2 or not np.array_equal(found, np.rint(found))
        )
        if not unit:
            raise UserError(WANTED, "one number for each sample (labels only)", LABELS_ONLY)
        found = found.reshape(rows, 1)
    fits = classes in (None, *found.shape[-1:]) or (column and classes == 2)
    if found.ndim != 2 or found.shape[0] != rows or not fits:
        wanted = f"answers of shape [{rows}, {classes or 'classes'}]"
        cut = found.ndim == 2 and found.shape[0] == rows and found.shape[1] < (classes or 0)
        hint = f" (only the top {found.shape[1]} classes?)" if cut else ""
        hint = " (one sigmoid unit tells two classes, not more)" if column else hint
        raise UserError(wanted, f"{list(found.shape)}{hint}")
    numbers: Array = found.astype(np.float64)
    if not np.isfinite(numbers).all():
        bad = int((~np.isfinite(numbers)).any(axis=1).sum())
        raise UserError("finite numbers", f"NaN or infinity in {bad} of {rows} answers")
    return numbers


def _with_gaps(values: Array) -> Array:
    """Floats where text or null stands for what is no number in JSON; else the values as they are.

    Numbers as text are left: they may be labels.
    """
    if values.dtype.kind not in "UO":
        return values
    try:
        numbers = values.astype(np.float64)
    except (ValueError, TypeError):
        return values
    return values if np.isfinite(numbers).all() else numbers


def _known_type(values: Array) -> Array:
    """Floats of a type that NumPy knows; bfloat16 comes from files as two unnamed bytes."""
    if values.dtype.kind != "V":
        return values
    if values.dtype.names is None and values.dtype.itemsize == 2:
        upper = values.view(np.uint16).astype(np.uint32) << 16
        return upper.view(np.float32)
    if np.can_cast(values.dtype, np.float64):  # a short float that another library registered
        return values.astype(np.float64)
    return values
