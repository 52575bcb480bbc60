"""Validated configs: dataclasses whose fields are flags and are checked on construction."""

import math
import typing
from collections.abc import Callable
from dataclasses import field, fields
from typing import Any

from ulk_tf.errors import UserError
from ulk_tf.settings import flag_types


def flag(
    default: Any,
    help: str,
    low: float | None = None,
    high: float | None = None,
    check: Callable[[Any], object] | None = None,
) -> Any:
    """Define a config field that is also a flag.

    Args:
        default: its value unless a preset or the user sets another.
        help: its meaning and unit, shown by --help.
        low: smallest allowed value.
        high: largest allowed value.
        check: raises `UserError` for an invalid value of structured text, such as `round:x`;
            not called for None.
    """
    metadata = {"help": help, "low": low, "high": high, "check": check}
    return field(default=default, metadata=metadata)


class Validated:
    """Base class of configs; checks the type and the bounds of every field on construction."""

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(type(self))
        for item in fields(self):  # type: ignore[arg-type]
            name, value = item.name, getattr(self, item.name)
            if not flag_types.fits(value, hints[name]):
                raise UserError(f"--{name} to be {flag_types.describe(hints[name])}", repr(value))
            if value == "":
                raise UserError(f"--{name} to be some text", "none")
            if value is not None and item.metadata["check"] is not None:
                item.metadata["check"](value)
            if value is None or isinstance(value, str | bool):
                continue
            low, high = item.metadata["low"], item.metadata["high"]
            if isinstance(value, float) and not math.isfinite(value):
                raise UserError(f"--{name} to be finite", value)
            if low is not None and value < low:
                raise UserError(f"--{name} to be at least {low}", value)
            if high is not None and value > high:
                raise UserError(f"--{name} to be at most {high}", value)
