"""Progress: bars with rate and time left, and notes, on standard error."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def bar(total: int, what: str, unit: str, done: int = 0) -> "tqdm[Any]":
    """Make a progress bar; use it as a context manager and call `.update(n)`.

    Args:
        total: number of units of the whole work.
        what: description of the work in a few words, such as "updating models".
        unit: name of one unit, such as "update" or "step".
        done: units finished by an earlier run; they do not count for the rate.
    """
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
    )


def say(sentence: str) -> None:
    """Print a note to standard error, above the progress bar."""
    tqdm.write(f"note: {sentence}", file=sys.stderr)


def track(items: Iterable[Item], total: int, what: str, unit: str) -> Iterator[Item]:
    """Yield `items` under a progress bar."""
    with bar(total, what, unit) as shown:
        for item in items:
            yield item
            shown.update(1)
