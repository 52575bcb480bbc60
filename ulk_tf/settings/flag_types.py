"""The kinds of values that flags take: parsed from text, checked, described."""

import difflib
import os
import types
import typing
from collections.abc import Sequence
from typing import Any

from ulk_tf.errors import UserError


class PathText(str):
    """Text that is a path, or several separated by commas, or may be one.

    A leading ~ is the home directory: a shell leaves it alone behind `--flag=`.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> "PathText":
        """Expand every leading ~."""
        parts = text.split(",")
        return super().__new__(cls, ",".join(map(os.path.expanduser, parts)))


_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    PathText: "a path",
}
_PLACEHOLDERS = {
    bool: "true|false",
    int: "NUMBER",
    float: "NUMBER",
    str: "TEXT",
    PathText: "PATH",
}


def required(annotation: Any) -> Any:
    """An annotation without its `| None`."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next(a for a in typing.get_args(annotation) if a is not type(None))
    return annotation


def optional(annotation: Any) -> bool:
    """Tell whether an annotation allows None."""
    return type(None) in typing.get_args(annotation)


def choices(annotation: Any) -> tuple[str, ...]:
    """The values of a Literal, `| None` aside; empty for any other annotation."""
    plain = required(annotation)
    return typing.get_args(plain) if typing.get_origin(plain) is typing.Literal else ()


def describe(annotation: Any) -> str:
    """Describe the values of an annotation, for a sentence."""
    known = choices(annotation)
    words = f"one of {', '.join(known)}" if known else _WORDS[required(annotation)]
    return f"{words}, or none" if optional(annotation) else words


def placeholder(annotation: Any) -> str:
    """The placeholder of a value in --help."""
    words = "|".join(choices(annotation)) or _PLACEHOLDERS[required(annotation)]
    return f"{words}|none" if optional(annotation) else words


def fits(value: object, annotation: Any) -> bool:
    """Tell whether a value is of an annotation; a whole number is a number, a truth value not."""
    if value is None:
        return optional(annotation)
    known = choices(annotation)
    if known:
        return value in known
    plain = required(annotation)
    if isinstance(value, bool):
        return plain is bool
    return isinstance(value, (int, float) if plain is float else plain)


def parse(text: str, annotation: Any, flag: str) -> Any:
    """Turn the text of a flag into its annotated type.

    Args:
        text: what was typed.
        annotation: str, int, float, bool, a Literal, or one of these `| None`.
        flag: the flag's name, for the message.

    Raises:
        UserError: the text is no such value.
    """
    if optional(annotation) and text.lower() in ("none", ""):
        return None
    known, plain = choices(annotation), required(annotation)
    try:
        if known:
            return known[known.index(text)]
        return _BOOLEANS[text.lower()] if plain is bool else plain(text)
    except (KeyError, ValueError):
        raise UserError(
            f"--{flag} to be {describe(annotation)}", repr(text), nearest(text, known)
        ) from None


def nearest(name: str, known: Sequence[str], prefix: str = "") -> str:
    """A question that names the closest of `known`; empty where none is close."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"Did you mean {prefix}{close[0]}?" if close else ""
