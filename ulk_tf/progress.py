"""Progress: bars with rate and time left, and notes, on standard error.

Whatever a user must see goes through `say`, so that it also stands in the report and in the JSON
of the command at work: these take their warnings from `notes`.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from tqdm import tqdm

Item = TypeVar("Item")

_NOTES: ContextVar[list[str] | None] = ContextVar("notes", default=None)
_BARS: ContextVar[bool] = ContextVar("bars", default=True)


def bar(total: int, what: str, unit: str, done: int = 0) -> "tqdm[Any]":
    """Make a progress bar; use it as a context manager and call `.update(n)`.

    Args:
        total: number of units of the whole work.
        what: description of the work in a few words, such as "updating models".
        unit: name of one unit, such as "update" or "step".
        done: units finished by an earlier run; they do not count for the rate.
    """
    from tqdm import tqdm  # noqa: PLC0415 - an environment that only gates has NumPy alone

    interactive = sys.stderr.isatty()
    return tqdm(
        total=total,
        initial=done,
        desc=what,
        unit=f" {unit}",
        dynamic_ncols=interactive,
        # Seconds between refreshes: rare in a log file, where each adds a line.
        mininterval=0.2 if interactive else 10.0,
        file=sys.stderr,
        disable=not _BARS.get(),
    )


@contextmanager
def no_bars() -> Iterator[None]:
    """Show no bars meanwhile, of work that is over at once."""
    token = _BARS.set(False)
    try:
        yield
    finally:
        _BARS.reset(token)


@contextmanager
def notes() -> Iterator[list[str]]:
    """Collect what is said meanwhile, each sentence once.

    Yields:
        The sentences so far; they begin with those that were said before, where another
        collection goes on around this one.
    """
    outer = _NOTES.get()
    told = list(outer or ())
    token = _NOTES.set(told)
    try:
        yield told
    finally:
        _NOTES.reset(token)


def say(sentence: str) -> None:
    """Print a note to standard error, above the progress bar, and collect it.

    Example:
        >>> with notes() as told:
        ...     say("The disk is slow.")
        >>> told
        ['The disk is slow.']
    """
    told = _NOTES.get()
    if told is not None:
        if sentence in told:
            return
        told.append(sentence)
    from tqdm import tqdm  # noqa: PLC0415 - as above

    tqdm.write(f"note: {sentence}", file=sys.stderr)


def track(items: Iterable[Item], total: int, what: str, unit: str) -> Iterator[Item]:
    """Yield `items` under a progress bar."""
    with bar(total, what, unit) as shown:
        for item in items:
            yield item
            shown.update(1)
