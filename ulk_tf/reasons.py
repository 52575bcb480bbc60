"""Somebody else's exceptions in one readable line."""

import re

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# Keras shows the samples themselves behind this.
DUMP = "Arguments received by"
LONGEST = 300


def reason(error: BaseException, named: bool = True) -> str:
    """The message of an exception: no escape codes, no dump of arrays, of bounded length.

    Args:
        error: whatever was raised.
        named: whether its type comes first.
    """
    text = one_line(ESCAPES.sub("", str(error)).split(DUMP)[0])
    kind = type(error).__name__
    return (f"{kind}: {text}" if text else kind) if named else (text or kind)


def one_line(text: str, longest: int = LONGEST) -> str:
    """Text in one line of printable characters and bounded length."""
    visible = "".join(c if c.isprintable() else " " for c in ESCAPES.sub("", text))
    words = " ".join(visible.split())
    return words if len(words) <= longest else f"{words[: longest - 3]}..."
