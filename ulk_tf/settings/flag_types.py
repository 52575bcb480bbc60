"""Flag types: parse the text of a flag, check its value, and describe its type."""

import difflib
import os
import types
import typing
from collections.abc import Sequence
from typing import Any

from ulk_tf.errors import UserError


class PathText(str):
    """Text of one path, or of several separated by commas; other text is allowed.

    A leading ~ is expanded to the home directory, since shells do not expand it after `--flag=`.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> "PathText":
        """Make the text, and expand a leading ~ of each path."""
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
    """Return an annotation without its `| None`."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next(a for a in typing.get_args(annotation) if a is not type(None))
    return annotation


def optional(annotation: Any) -> bool:
    """Return True if an annotation allows None."""
    return type(None) in typing.get_args(annotation)


def choices(annotation: Any) -> tuple[str, ...]:
    """Return the values of a Literal, without None; empty for any other annotation."""
    plain = required(annotation)
    return typing.get_args(plain) if typing.get_origin(plain) is typing.Literal else ()


def describe(annotation: Any) -> str:
    """Describe the values that an annotation allows, for a sentence."""
    known = choices(annotation)
    words = f"one of {', '.join(known)}" if known else _WORDS[required(annotation)]
    return f"{words}, or none" if optional(annotation) else words


def placeholder(annotation: Any) -> str:
    """Return the placeholder for a value in --help, such as NUMBER."""
    words = "|".join(choices(annotation)) or _PLACEHOLDERS[required(annotation)]
    return f"{words}|none" if optional(annotation) else words


def fits(value: object, annotation: Any) -> bool:
    """Return True if a value fits an annotation; an int fits float, a bool fits only bool."""
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
    """Convert the text of a flag to its annotated type.

    Args:
        text: the text after `--flag=`.
        annotation: str, int, float, bool, a Literal, or one of these `| None`.
        flag: name of the flag, for the message.

    Raises:
        UserError: the text is not a value of that type.
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
    """Return "Did you mean ...?" with the closest of `known`; empty if none is close."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"Did you mean {prefix}{close[0]}?" if close else ""
