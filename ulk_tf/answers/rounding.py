"""Recognising how numbers were rounded: decimals, significant digits, fractions, short floats."""

import bisect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ulk_tf.files import Array

# A float32 just below 1 has no eighth, but small ones and those of JSON have.
MOST_DECIMALS = 12
MOST_DIGITS = 7
# Denominators of quantised answers, which services send as integers.
DENOMINATORS = (127, 128, 255, 256, 32767, 32768, 65535, 65536)
LARGEST_VOTE = 1000  # the number of trees or neighbours that may vote
# A rounding is believed when exact float32 numbers would look like it this seldom.
DOUBT = 1e-4
HALF = "to float16"
SUMS_TO_ONE = 1e-6
# Numbers that are clipped are alike, and clipped to no more than this.
RAISED, FINE = 3, 1e-5
SINGLE = 2.0**-23  # step of float32 above 1
TRIED_FIRST = 64  # numbers that rule out most candidates, before all are looked at


@dataclass(frozen=True)
class Rounding:
    """Rounding of numbers.

    Attributes:
        words: to what, such as "to 4 decimals".
        step: largest distance between two neighbouring numbers, in the numbers' own unit.
        digits: significant digits that small numbers have as well as large ones; 0 where numbers
            lie evenly. Those of float16 do below 0.00006.
    """

    words: str
    step: float
    digits: int = 0

    @property
    def kind(self) -> str:
        """Kind of posteriors that are rounded so: rounded, digits or float16."""
        if self.words == HALF:
            return "float16"
        return "digits" if self.digits else "rounded"


@dataclass(frozen=True)
class _Candidate:
    rounding: Rounding
    # How many different numbers must fit before it is believed.
    least: int
    # The nearest numbers of that form, and the distance between two of them, for each number.
    nearest: Callable[[Array], Array]
    spacing: Callable[[Array], Array]


def in_decimals(places: int) -> str:
    """Words for numbers that are rounded to so many decimals."""
    return f"to {places} decimal{'s' * (places != 1)}" if places else "to whole numbers"


def moved_by_logits(step: float) -> float:
    """The most that a posterior moves where logits do by a step.

    Two logits that move by it, against one another, move a posterior by half of it.

    Args:
        step: step of a typical logit.
    """
    return min(step / 2, 1.0)


def find_rounding(values: Array) -> Rounding | None:
    """Find the coarsest rounding that explains every value.

    Values that went through float32 on their way are compared as such: 0.1 is then
    0.10000000149. How many values there are counts, too: a few float32 numbers have six decimals
    by chance, a hundred do not.

    Args:
        values: float64 of any shape, finite.

    Returns:
        None where the values are exact, or too few to tell.
    """
    numbers = np.unique(np.abs(values))
    numbers = numbers[numbers != 0]
    if not len(numbers):
        return None
    if np.array_equal(numbers, [1.0]):
        return Rounding("to whole numbers", 1.0)
    telling = numbers[numbers != 1]
    # Rows that sum to 1 have one number less to be alike by chance.
    whole = values.ndim == 2 and bool(np.all(np.abs(values.sum(axis=1) - 1) < SUMS_TO_ONE))
    doubt = DOUBT ** (1 / (1 - 1 / values.shape[1])) if whole and values.shape[1] > 1 else DOUBT
    found = _coarsest(telling, doubt)
    # The least value that small numbers were raised to is no step of the others.
    least = float(numbers[0])
    if found and least <= FINE and (np.abs(values) == least).sum() >= RAISED:
        inner = _coarsest(telling[1:-1] if _mirrored(telling) else telling[1:], doubt)
        return inner if inner and inner.step > least else found
    return found


def _coarsest(telling: Array, doubt: float) -> Rounding | None:
    """The coarsest rounding that explains different numbers above 0."""
    if not len(telling):
        return None
    few = telling[:: max(1, len(telling) // TRIED_FIRST)]
    for candidate in _candidates(telling, float(telling.max())):
        if (
            len(telling) >= candidate.least
            and _explained(candidate, few, 1.0)
            and _explained(candidate, telling, doubt)
        ):
            return _fewer_digits(telling, candidate.rounding)
    return None


def _mirrored(telling: Array) -> bool:
    """Tell whether the largest number misses 1 by the smallest one, as of both being clipped."""
    return bool(abs(1 - telling[-1] - telling[0]) <= SINGLE)


def _candidates(telling: Array, largest: float) -> Iterator[_Candidate]:
    """All roundings that are known: fractions first, the coarsest of them before the others."""
    decimals = {10**places: places for places in range(MOST_DECIMALS + 1)}
    votes = range(max(2, len(telling)), LARGEST_VOTE + 1)
    fractions = sorted({*decimals, *DENOMINATORS, *votes})
    for parts in fractions:
        if parts == fractions[bisect.bisect(fractions, LARGEST_VOTE)]:
            # Fractions of 65536 hold short floats of a narrow range, too.
            yield _short_float("bfloat16", 8, largest, digits=3)
            yield _short_float("float16", 11, largest, digits=4)
        words = f"to multiples of 1/{parts}"
        if parts in decimals:
            words = in_decimals(decimals[parts])
        yield _fraction(parts, words)
    for digits in range(2, MOST_DIGITS + 1):
        yield _significant(digits, largest)


def _fraction(parts: int, words: str) -> _Candidate:
    return _Candidate(
        Rounding(words, 1 / parts),
        1 if "decimal" in words or parts == 1 else 2,
        lambda values: np.rint(values * parts) / parts,
        lambda values: np.full_like(values, 1 / parts),
    )


def _short_float(name: str, bits: int, largest: float, digits: int) -> _Candidate:
    """Floats with `bits` bits of significand, the hidden one counted."""

    def spacing(values: Array) -> Array:
        _, exponent = np.frexp(values)
        # The smallest numbers of float16 lie evenly.
        return np.ldexp(1.0, np.maximum(exponent - bits, -24 if name == "float16" else -1000))

    below = np.nextafter(largest, 0) if largest == 1 else largest
    return _Candidate(
        Rounding(f"to {name}", float(spacing(np.array([below]))[0]), digits),
        3,
        lambda values: np.rint(values / spacing(values)) * spacing(values),
        spacing,
    )


def _significant(digits: int, largest: float) -> _Candidate:
    # Dividing by a power of ten is exact to the last bit; multiplying by 0.1 is not.
    def powers(values: Array) -> tuple[Array, Array]:
        exponent = np.maximum(_decade(values) - digits, -300)
        return 10.0 ** np.maximum(exponent, 0), 10.0 ** np.maximum(-exponent, 0)

    def spacing(values: Array) -> Array:
        up, down = powers(values)
        return up / down

    def nearest(values: Array) -> Array:
        up, down = powers(values)
        return np.rint(values / up * down) / down * up

    return _Candidate(
        Rounding(f"to {digits} significant digits", float(spacing(np.array([largest]))[0]), digits),
        3,
        nearest,
        spacing,
    )


def _decade(values: Array) -> Array:
    """Powers of ten at or above the values: 0 for 0.5 and for 1."""
    return np.ceil(np.log10(values) - 1e-12)


def _explained(candidate: _Candidate, values: Array, doubt: float) -> bool:
    """Tell whether a candidate explains all values, and chance does not."""
    nearest, spacing = candidate.nearest(values), candidate.spacing(values)
    single = np.spacing(values.astype(np.float32)).astype(np.float64)
    # Decimal text; text that passed through float32; and arithmetic that rounded once more.
    for slack in (np.spacing(values), single / 2, 1.5 * single):
        if np.all(np.abs(nearest - values) <= slack):
            # The shortest text of a float32 has few digits by chance, too.
            chance = np.minimum(1.0, np.maximum(2 * slack, single) / spacing)
            return bool(np.log(chance).sum() <= np.log(doubt))
    return False


def _fewer_digits(values: Array, found: Rounding) -> Rounding:
    """Significant digits instead of decimals, where only the smallest values need so many.

    Of 4 significant digits, 0.0001234 has 7 decimals; 0.1234567 has not.
    """
    if not found.words.endswith("decimals"):
        return found
    places = round(-np.log10(found.step))
    large = values[values >= 0.1]
    # Float32 tells no more digits of large numbers than seven, whatever they were rounded to.
    for digits in range(2, min(places, MOST_DIGITS)):
        candidate = _significant(digits, float(values.max()))
        if _explained(candidate, values, DOUBT):
            # Each of them would have lost its last digits by chance.
            by_chance = len(large) * (places - digits)
            return candidate.rounding if by_chance >= 3 else found
    return found
