"""One progress bar for everything long: what, how far, rate, time left; on standard error."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def bar(total: int, what: str, unit: str, done: int = 0) -> "tqdm[Any]":
    """A progress bar; use as a context manager and call `.update(n)`.

    Args:
        total: how many units the whole is.
        what: what is being done, as a few words.
        unit: the name of one unit, such as "update" or "step".
        done: units finished by an earlier run; they do not count into the rate.
    """
    interactive = sys.stderr.isatty()
    return tqdm(
        total=total,
        initial=done,
        desc=what,
        unit=f" {unit}",
        dynamic_ncols=interactive,
        # A log file gets a line now and then; a terminal gets a smooth bar.
        mininterval=0.2 if interactive else 10.0,
        file=sys.stderr,
    )


def say(sentence: str) -> None:
    """Write a sentence to standard error, above whatever bar is shown there."""
    tqdm.write(f"note: {sentence}", file=sys.stderr)


def track(items: Iterable[Item], total: int, what: str, unit: str) -> Iterator[Item]:
    """Yield `items` under a progress bar."""
    with bar(total, what, unit) as shown:
        for item in items:
            yield item
            shown.update(1)
