"""Protocol of every kind of target: answers to samples, and which version gave them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ulk_tf.files import Array


@dataclass(frozen=True)
class Reply:
    """Raw answers.

    Attributes:
        values: float64 [n, classes], finite; posteriors, or what a target has instead; one
            column where it is a single sigmoid unit.
        version: what answered; empty where it cannot be known.
    """

    values: Array
    version: str


class Source(Protocol):
    """A target as it is reached.

    Attributes:
        name: what it is, as it may be written into files.
        batch: number of samples to ask for at once; None wants all of them.
        notes: sentences on what was done to reach and to understand it so far.
    """

    name: str
    batch: int | None

    @property
    def notes(self) -> tuple[str, ...]:
        """See above."""
        ...

    def ask(self, samples: Array, spend: Callable[[int], None]) -> Reply:
        """Query the target.

        Args:
            samples: [n, ...], as they are to be sent.
            spend: called with a number of samples before they are sent, each time they are
                sent; it raises `UserError` when the budget does not allow that.

        Raises:
            UserError: the target cannot be reached or does not answer as it should.
        """
        ...
