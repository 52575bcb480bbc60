"""Somebody else's exceptions in one readable line."""

import re

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# Keras shows the samples themselves behind the first; NumPy advises to run what a file holds.
NOT_SHOWN = re.compile(r"Arguments received by.*|\s*If you trust the file.*", re.DOTALL)
LONGEST = 300


def reason(error: BaseException, named: bool = True) -> str:
    """The message of an exception: no escape codes, no dump of arrays, of bounded length.

    Args:
        error: whatever was raised.
        named: whether its type comes first.
    """
    text = one_line(NOT_SHOWN.sub("", ESCAPES.sub("", str(error))))
    kind = type(error).__name__
    return (f"{kind}: {text}" if text else kind) if named else (text or kind)


def one_line(text: str, longest: int = LONGEST) -> str:
    """Text in one line of printable characters and bounded length."""
    visible = "".join(c if c.isprintable() else " " for c in ESCAPES.sub("", text))
    words = " ".join(visible.split())
    return words if len(words) <= longest else f"{words[: longest - 3]}..."
