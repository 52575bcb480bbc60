"""Defences: functions that change the posteriors of a classifier before clients receive them.

Defences are chained left to right, as in `--defence=temperature:2,top_k:3,round:4`. A new one is
a function and a row of `DEFENCES`.

>>> import numpy as np
>>> from ulk_tf import defences
>>> from ulk_tf.chance import Chance
>>> chain = defences.parse("top_k:2,round:1")
>>> chain(np.array([[0.62, 0.27, 0.11]]), Chance(seed=0)).tolist()
[[0.6, 0.3, 0.0]]
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ulk_tf.chance import Chance
from ulk_tf.errors import UserError
from ulk_tf.files import Array

# Posteriors of a single digit are told from no other numbers; of more noise than that nothing is.
MOST_DECIMALS, MOST_DIGITS, MOST_BITS, MOST_NOISE = 12, 9, 24, 10.0


Defence = Callable[[Array, float, Chance], Array]


def temperature(posteriors: Array, value: float, chance: Chance) -> Array:
    """Divide logits by a temperature; above 1, posteriors become less confident."""
    return _softmax(_logits(posteriors) / value)


def top_k(posteriors: Array, value: float, chance: Chance) -> Array:
    """Keep the k largest posteriors of each sample; set the others to 0."""
    order = np.argsort(-posteriors, -1, kind="stable")
    ranks = np.argsort(order, -1, kind="stable")
    return np.where(ranks < int(value), posteriors, 0.0)


def threshold(posteriors: Array, value: float, chance: Chance) -> Array:
    """Set posteriors below `value` to 0, as services with a least score do."""
    return np.where(posteriors >= value, posteriors, 0.0)


def rounded(posteriors: Array, value: float, chance: Chance) -> Array:
    """Round to `value` decimals."""
    return np.round(posteriors, int(value))


def digits(posteriors: Array, value: float, chance: Chance) -> Array:
    """Round to `value` significant digits, as `%.3g` does with 3."""
    size = np.floor(np.log10(np.maximum(posteriors, 1e-300)))
    # A power of ten with a positive exponent is exact.
    power = 10.0 ** (int(value) - 1 - size)
    return np.where(posteriors > 0, np.rint(posteriors * power) / power, 0.0)


def float16(posteriors: Array, value: float, chance: Chance) -> Array:
    """Store in half precision, as processors for machine learning may."""
    return posteriors.astype(np.float16).astype(np.float64)


def round_logits(posteriors: Array, value: float, chance: Chance) -> Array:
    """Round logits to `value` decimals before softmax; their mean over the classes is 0."""
    return _softmax(np.round(_logits(posteriors), int(value)))


def logit_bits(posteriors: Array, value: float, chance: Chance) -> Array:
    """Keep `value` significant bits of logits before softmax: bfloat16 has 8, float16 11."""
    parts, exponents = np.frexp(_logits(posteriors))
    whole = 2.0 ** int(value)
    return _softmax(np.ldexp(np.rint(parts * whole) / whole, exponents))


def noise(posteriors: Array, value: float, chance: Chance) -> Array:
    """Add Gaussian noise of standard deviation `value`, new in each query; clip at 0, normalise."""
    return _noisy(posteriors, value * chance.fresh().standard_normal(posteriors.shape))


def sticky_noise(posteriors: Array, value: float, chance: Chance) -> Array:
    """Add Gaussian noise that is the same in every query of the same sample."""
    return _noisy(posteriors, value * chance.of_samples(posteriors.shape))


def label(posteriors: Array, value: float, chance: Chance) -> Array:
    """Return 1 for the likeliest class and 0 for the others."""
    return top_k(posteriors, 1, chance) > 0


def _logits(posteriors: Array) -> Array:
    found = np.log(np.maximum(posteriors, 1e-38))
    return found - found.mean(-1, keepdims=True)


def _softmax(logits: Array) -> Array:
    # Not SciPy's: flags of defences are read where a gate runs with NumPy alone.
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def _noisy(posteriors: Array, added: Array) -> Array:
    moved = np.clip(posteriors + added, 0, None)
    total = moved.sum(-1, keepdims=True)
    return np.where(total > 0, moved / np.where(total > 0, total, 1), 1 / moved.shape[-1])


@dataclass(frozen=True)
class DefenceRow:
    """Row of the table of defences.

    Attributes:
        function: (posteriors, argument, chance) -> defended posteriors.
        argument: description of its argument; empty if it takes none.
        low: smallest argument.
        high: largest argument.
        whole: True if the argument is a whole number.
        random: True if repeated queries of the same version differ.
        noise: True if its argument is the standard deviation of noise.
    """

    function: Defence
    argument: str = ""
    low: float = 0.0
    high: float = float("inf")
    whole: bool = False
    random: bool = False
    noise: bool = False


DEFENCES: dict[str, DefenceRow] = {
    "temperature": DefenceRow(temperature, "a temperature", low=1e-3, high=1e3),
    "top_k": DefenceRow(top_k, "how many classes", low=1, whole=True),
    "threshold": DefenceRow(threshold, "the least posterior", low=1e-9, high=0.5),
    "round": DefenceRow(rounded, "decimals", high=MOST_DECIMALS, whole=True),
    "digits": DefenceRow(digits, "significant digits", low=2, high=MOST_DIGITS, whole=True),
    "float16": DefenceRow(float16),
    "round_logits": DefenceRow(round_logits, "decimals", high=MOST_DECIMALS, whole=True),
    "logit_bits": DefenceRow(logit_bits, "significant bits", low=2, high=MOST_BITS, whole=True),
    "noise": DefenceRow(noise, "a standard deviation", high=MOST_NOISE, random=True, noise=True),
    "sticky_noise": DefenceRow(sticky_noise, "a standard deviation", high=MOST_NOISE, noise=True),
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
        """True if repeated queries of the same version differ."""
        return any(DEFENCES[name].random for name, _ in self.steps)

    def noise(self, repeats: int = 1) -> float:
        """Return the standard deviation of the noise of all steps together.

        Args:
            repeats: queries of the same version whose mean is read, which averages noise that is
                new in each of them and no other.
        """
        added = [
            value**2 / (repeats if DEFENCES[name].random else 1)
            for name, value in self.steps
            if DEFENCES[name].noise
        ]
        return float(np.sqrt(np.sum(added)))

    def __call__(self, posteriors: Array, chance: Chance) -> Array:
        """Apply the defences to posteriors.

        Args:
            posteriors: [samples, classes], rows sum to 1.
            chance: randomness of this query.

        Returns:
            Defended posteriors, float64 [samples, classes].
        """
        defended: Array = np.asarray(posteriors, np.float64)
        for number, (name, value) in enumerate(self.steps):
            own = replace(chance, step=number)
            defended = np.asarray(DEFENCES[name].function(defended, value, own), np.float64)
        return defended


def listed() -> str:
    """List the defences and their arguments, for messages and --help."""
    return ", ".join(
        f"{name}:<{row.argument}>" if row.argument else name for name, row in DEFENCES.items()
    )


def parse(text: str, classes: int | None = None) -> Chain:
    """Parse a chain of defences such as `temperature:2,round:4`.

    Args:
        text: names and arguments, see `listed`.
        classes: number of classes that there are; None where nobody knows.

    Raises:
        UserError: a defence is unknown, its argument is out of bounds, or it keeps more classes
            than there are.
    """
    steps: list[tuple[str, float]] = []
    for part in text.split(","):
        name, _, argument = part.strip().partition(":")
        row = DEFENCES.get(name)
        if row is None or bool(argument) != bool(row.argument):
            raise UserError(f"--defence of {listed()}, separated by commas", repr(part))
        value = _value(name, row, argument) if argument else 0.0
        if name == "top_k" and classes is not None and value > classes:
            raise UserError(f"--defence=top_k:K with K up to {classes} classes", int(value))
        steps.append((name, value))
    return Chain(tuple(steps))


def check(text: Any) -> None:
    """Raise `UserError` unless `text` is a chain of defences."""
    parse(str(text))


def _value(name: str, row: DefenceRow, argument: str) -> float:
    bounds = f"from {row.low:g}" + (f" to {row.high:g}" if np.isfinite(row.high) else "")
    kind = "a whole number " if row.whole else ""
    try:
        # Python would take 1_0 for 10.
        value = float("nan" if "_" in argument else int(argument) if row.whole else argument)
    except ValueError:
        value = float("nan")
    if not (row.low <= value <= row.high and np.isfinite(value)):
        raise UserError(f"--defence={name}:{row.argument}, {kind}{bounds}", repr(argument))
    return value
