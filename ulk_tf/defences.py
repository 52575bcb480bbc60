"""Defences of answers: functions that stand between a classifier and its clients.

A defence takes posteriors and gives what clients see. Defences are chained left to right, as in
`--defence=temperature:2,top_k:3,round:4`. A new one is a function and a row of `DEFENCES`.

>>> import numpy as np
>>> from ulk_tf import defences
>>> chain = defences.parse("top_k:2,round:1")
>>> chain(np.array([[0.62, 0.27, 0.11]]), defences.Chance(seed=0)).tolist()
[[0.6, 0.3, 0.0]]
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ulk_tf.errors import UserError
from ulk_tf.files import Array

MOST_DECIMALS = 12


@dataclass(frozen=True)
class Chance:
    """The randomness of one look at a version: equal numbers, equal noise.

    Attributes:
        seed: of the experiment, or of a service.
        look: numbers that tell this look from any other: role, base model, update, and 0 for
            before or 1 for after.
        samples: a number for each sample that is asked about, for noise that sticks to it;
            their places when empty.
    """

    seed: int
    look: tuple[int, ...] = ()
    samples: Sequence[int] = ()

    def fresh(self) -> np.random.Generator:
        """Randomness of this look."""
        return np.random.default_rng([self.seed, 14, *self.look])

    def of_sample(self, place: int) -> np.random.Generator:
        """Randomness of one sample, the same in every look."""
        sample = self.samples[place] if self.samples else place
        return np.random.default_rng([self.seed, 15, sample])


Defence = Callable[[Array, float, Chance], Array]


def temperature(posteriors: Array, value: float, chance: Chance) -> Array:
    """Divide logits by a temperature; above 1 answers become less confident."""
    logits = np.log(np.maximum(posteriors, 1e-38)) / value
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def top_k(posteriors: Array, value: float, chance: Chance) -> Array:
    """Answer the likeliest k classes only; the others are 0."""
    order = np.argsort(-posteriors, -1, kind="stable")
    ranks = np.argsort(order, -1, kind="stable")
    return np.where(ranks < int(value), posteriors, 0.0)


def rounded(posteriors: Array, value: float, chance: Chance) -> Array:
    """Round to so many decimals."""
    return np.round(posteriors, int(value))


def noise(posteriors: Array, value: float, chance: Chance) -> Array:
    """Add Gaussian noise of a standard deviation, drawn anew in each look; clip at 0."""
    return _noisy(posteriors, value * chance.fresh().standard_normal(posteriors.shape))


def sticky_noise(posteriors: Array, value: float, chance: Chance) -> Array:
    """Add Gaussian noise that is the same whenever the same sample is asked about."""
    rows = [
        chance.of_sample(place).standard_normal(posteriors.shape[-1])
        for place in range(posteriors.shape[-2])
    ]
    return _noisy(posteriors, value * np.stack(rows))


def label(posteriors: Array, value: float, chance: Chance) -> Array:
    """Answer 1 for the likeliest class and 0 for the others."""
    return top_k(posteriors, 1, chance) > 0


def _noisy(posteriors: Array, added: Array) -> Array:
    moved = np.clip(posteriors + added, 0, None)
    total = moved.sum(-1, keepdims=True)
    return np.where(total > 0, moved / np.where(total > 0, total, 1), 1 / moved.shape[-1])


@dataclass(frozen=True)
class DefenceRow:
    """A defence.

    Attributes:
        function: what it does.
        argument: what stands behind its colon; empty where nothing does.
        low: smallest argument.
        high: largest argument.
        whole: whether the argument is a whole number.
        random: whether each look at the same version answers otherwise.
    """

    function: Defence
    argument: str = ""
    low: float = 0.0
    high: float = float("inf")
    whole: bool = False
    random: bool = False


DEFENCES: dict[str, DefenceRow] = {
    "temperature": DefenceRow(temperature, "a temperature", low=1e-3),
    "top_k": DefenceRow(top_k, "how many classes", low=1, whole=True),
    "round": DefenceRow(rounded, "decimals", high=MOST_DECIMALS, whole=True),
    "noise": DefenceRow(noise, "a standard deviation", random=True),
    "sticky_noise": DefenceRow(sticky_noise, "a standard deviation"),
    "label": DefenceRow(label),
}


@dataclass(frozen=True)
class Chain:
    """Defences one after the other.

    Attributes:
        steps: names of `DEFENCES` and their arguments.
    """

    steps: tuple[tuple[str, float], ...]

    @property
    def random(self) -> bool:
        """True where each look at the same version answers otherwise."""
        return any(DEFENCES[name].random for name, _ in self.steps)

    def __call__(self, posteriors: Array, chance: Chance) -> Array:
        """Defend answers: the posteriors that clients see.

        Args:
            posteriors: [samples, classes], rows sum to 1.
            chance: of this look.

        Returns:
            float64 [samples, classes].
        """
        seen: Array = np.asarray(posteriors, np.float64)
        for name, value in self.steps:
            seen = np.asarray(DEFENCES[name].function(seen, value, chance), np.float64)
        return seen

    def check_classes(self, classes: int) -> None:
        """Raise `UserError` where a step keeps more classes than there are."""
        for name, value in self.steps:
            if name == "top_k" and value > classes:
                raise UserError(f"--defence=top_k:K with K up to {classes} classes", int(value))


def parse(text: str) -> Chain:
    """Read a chain of defences such as `temperature:2,round:4`.

    Raises:
        UserError: an unknown defence, or an argument out of its bounds.
    """
    known = ", ".join(
        f"{name}:{row.argument}" if row.argument else name for name, row in DEFENCES.items()
    )
    steps: list[tuple[str, float]] = []
    for part in text.split(","):
        name, _, argument = part.strip().partition(":")
        row = DEFENCES.get(name)
        if row is None or bool(argument) != bool(row.argument):
            raise UserError(f"--defence of {known}, separated by commas", repr(part))
        steps.append((name, _value(name, row, argument) if argument else 0.0))
    return Chain(tuple(steps))


def check(text: Any) -> None:
    """Raise `UserError` unless a text is a chain of defences."""
    parse(str(text))


def _value(name: str, row: DefenceRow, argument: str) -> float:
    bounds = f"from {row.low:g}" + (f" to {row.high:g}" if np.isfinite(row.high) else "")
    kind = "a whole number " if row.whole else ""
    try:
        value = float(int(argument) if row.whole else argument)
    except ValueError:
        value = float("nan")
    if not (row.low <= value <= row.high and np.isfinite(value)):
        raise UserError(f"--defence={name}:{row.argument}, {kind}{bounds}", repr(argument))
    return value
