"""Tensors of the Open Inference Protocol, as JSON."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.reasons import one_line


@dataclass(frozen=True)
class TensorSpec:
    """Name, type and shape of an input or output, as a model's metadata tells them.

    Attributes:
        name: name of the tensor.
        datatype: such as FP32; empty where it is not told.
        shape: None for a length that does not matter; None where it is not told.
    """

    name: str
    datatype: str
    shape: tuple[int | None, ...] | None

    def __str__(self) -> str:
        sizes = self.shape
        told = "" if sizes is None else f" [{', '.join(str(s or 'any') for s in sizes)}]"
        return one_line(f"{self.name}{f' {self.datatype}' if self.datatype else ''}{told}", 100)


def read_specs(content: Any) -> tuple[TensorSpec, ...]:
    """Read the inputs or outputs of a model's metadata; what is none is left out."""
    found = content if isinstance(content, list) else []
    return tuple(
        TensorSpec(one["name"], _text(one.get("datatype")), _shape(one.get("shape")))
        for one in found
        if isinstance(one, dict) and isinstance(one.get("name"), str)
    )


@dataclass(frozen=True)
class Tensor:
    """A tensor of an answer.

    Attributes:
        name: name of the output.
        values: in the shape that the answer tells.
    """

    name: str
    values: Array

    @staticmethod
    def is_one(content: Any) -> bool:
        """Tell whether a JSON value has the parts of a tensor."""
        return isinstance(content, dict) and {"name", "shape", "datatype"} <= {*content}

    @classmethod
    def read(cls, content: dict[str, Any]) -> "Tensor":
        """Read a tensor, whose data may lie flat or nested.

        Args:
            content: an object for which `is_one` holds.

        Raises:
            UserError: it holds no data, or other data than its shape and type say.
        """
        name, shape = str(content["name"]), content["shape"]
        datatype, data = _text(content["datatype"]), content.get("data")
        called = f"output {one_line(name, 80)}"
        if not isinstance(data, list):
            raise UserError(
                f"{called} with its data as JSON",
                "none (in binary form?)",
                "Let the server answer without the binary extension.",
            )
        sizes = [size for size in shape if type(size) is int] if isinstance(shape, list) else []
        try:
            # null and "NaN" stand for what JSON has no number for.
            values = np.asarray(data, np.float64 if datatype.startswith(("FP", "BF")) else None)
        except (ValueError, TypeError, OverflowError):
            raise UserError(
                f"{called} as {datatype or 'a tensor'} of shape {shape!r:.80}",
                f"data that are none: {one_line(str(data), 80)}",
            ) from None
        if sizes != shape or math.prod(sizes) != values.size:
            raise UserError(
                f"{called} of the shape that it tells, {shape!r:.80}",
                f"{values.size} values",
            )
        return cls(name, values.reshape(sizes))


def _shape(content: Any) -> tuple[int | None, ...] | None:
    if not isinstance(content, list) or not content:
        return None
    sizes = [int(size) if _is_whole(size) else None for size in content]
    return tuple(size if size is not None and size > 0 else None for size in sizes)


def _is_whole(size: Any) -> bool:
    """Tell whether a length is a number; some servers write it as text."""
    return type(size) is int or (isinstance(size, str) and size.isdecimal() and len(size) < 10)


def _text(content: Any) -> str:
    return content if isinstance(content, str) and len(content) < 20 else ""
