"""Finding of one attack, in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Told:
    """Finding of one attack in words.

    Attributes:
        sentence: for people.
        result: for programs.
        draw: makes the picture.
        caption: of the picture.
        caution: for people: how far to trust the sentence.
        measured: `metrics`, `baselines` and `gains` of the attack on targets that it had not
            seen, see `auditing.measured`.
    """

    sentence: str
    result: Mapping[str, Any]
    draw: Callable[[Path], None]
    caption: str
    caution: str = ""
    measured: Mapping[str, Any] = field(default_factory=dict)
