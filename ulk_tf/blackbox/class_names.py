"""Class names as a target gives them, and their places among the attack's classes."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ulk_tf.files import Array

SEPARATORS = "_- .:/"
SEPARATED = re.compile(f"[{re.escape(SEPARATORS)}]+")
NUMBERED = re.compile(r"(.*?)([0-9]+)(\D*)")


def reorder(values: Array, names: Sequence[str], class_names: Sequence[str]) -> Array | None:
    """Columns in the order of the attack's classes; None where the names are others.

    Args:
        values: [rows, columns].
        names: names of the columns; what they all begin or end with, such as `prob_`, counts for
            nothing.
        class_names: in the order that the attack knows.
    """
    if not class_names or len(names) != len(class_names):
        return None
    known = places(class_names)
    for called in (list(names), _without_affixes(names)):
        found = [place_of(name, known) for name in called]
        if None not in found and len(set(found)) == len(class_names):
            return values[:, np.argsort(np.array(found, int))]
    return None


def are_numbered(names: Sequence[str]) -> bool:
    """Tell whether names only count: from 0 or 1 up, with the same words around each number.

    Args:
        names: names of columns or of classes, in their order.
    """
    found = [NUMBERED.fullmatch(name) for name in names]
    around = {(one[1], one[3]) for one in found if one}
    counted = [int(one[2]) for one in found if one]
    ascending = (list(range(first, first + len(names))) for first in (0, 1))
    return len(around) == 1 and counted in ascending


def places(class_names: Sequence[str]) -> dict[str, int]:
    """Columns of the classes: by name, and by number where no name is a number."""
    numbers = {str(place): place for place in range(len(class_names))}
    named = named_places(class_names)
    return named if any(name in numbers for name in named) else numbers | named


def named_places(class_names: Sequence[str]) -> dict[str, int]:
    """Columns of the classes by every spelling of a name that no other class has."""
    known: dict[str, int] = {}
    for spelt in zip(*map(_spellings, class_names), strict=True):
        times = Counter(spelt)
        known = {name: n for n, name in enumerate(spelt) if times[name] == 1} | known
    return known


def place_of(name: Any, known: Mapping[str, int]) -> int | None:
    """Return the column of a class by a name as a target gives it; None where it is no class.

    Args:
        name: the name, or its number.
        known: as `places` or `named_places` gives them.
    """
    return next((known[spelt] for spelt in _spellings(name) if spelt in known), None)


def _spellings(name: Any) -> tuple[str, str, str]:
    """A class name as it is, without case, and as R and Python's identifiers must have it."""
    spaced = " ".join(str(name).split()).casefold()
    return str(name), spaced, " ".join(SEPARATED.split(spaced)).strip()


def some(names: Sequence[str]) -> str:
    """Show the first names, for messages."""
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def _without_affixes(names: Sequence[str]) -> list[str]:
    """Names without the whole words that all of them begin or end with."""
    backwards = [name[::-1] for name in _without_prefix(names)]
    return [name[::-1] for name in _without_prefix(backwards)]


def _without_prefix(names: Sequence[str]) -> list[str]:
    start = 0
    # Of sorted names, the first and the last have the least in common.
    for place, (a, b) in enumerate(zip(min(names), max(names), strict=False)):
        if a != b:
            break
        if a in SEPARATORS:
            start = place + 1
    return [name[start:] for name in names]
