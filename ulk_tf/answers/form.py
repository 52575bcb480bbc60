"""Form of answers: how much of its posteriors a target tells.

A corpus has the form that its defence leaves, an export carries the form that it was trained on,
and an audit holds the form of a target's answers against it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ulk_tf.answers.interpreted import OF_LOGITS, Interpreted
from ulk_tf.answers.numbers import is_number
from ulk_tf.answers.repeats import FLOAT32_ROUNDING
from ulk_tf.answers.rounding import Rounding, moved_by_logits
from ulk_tf.answers.thresholds import rounded_down, threshold_of
from ulk_tf.files import Array

# Noise below this is lost in float32 itself, and so are steps between large posteriors.
NOTHING = 2e-7
# Steps that are finer than the smallest posterior so many times tell it as exactly as float32 does.
FINE = 1000
# Logits count as exact where their step moves a posterior by no more than this: five decimals do.
# An attack that was trained for coarser ones, such as four decimals, reads more of them than one
# that was trained on exact answers (docs/EXPERIMENTS.md).
COARSE_LOGITS = 2e-5
# An attack that was trained on exact answers reads nearly all of so many significant digits.
FINE_DIGITS = 4
# Kinds that rows of noisy answers may pass for, where no sample was asked twice.
UNSEEN_NOISE = ("posteriors", "censored")
# An attack reads answers whose steps and noise are up to so many times those it was trained on.
ALIKE = 3.0
# Floors of kinds: some steps of float32 at 1 where answers are cut, the least number that float16
# tells from 0, and the only step of labels.
_FLOORS = {"top-k": FLOAT32_ROUNDING, "float16": 2.0**-24, "labels": 1.0}
_COARSEST_FIRST = ("labels", "top-k", "noisy", "censored", "rounded", "rounded logits", "logits")


@dataclass(frozen=True)
class Form:
    """Form of answers.

    Attributes:
        kind: posteriors, rounded, digits, float16, top-k, threshold, labels, noisy, censored, or
            rounded logits.
        step: rounding step; by how much that of a typical logit moves a posterior at most; 0 where
            answers are exact.
        noise: standard deviation of noise; 0 where none was seen.
        kept: classes that are answered of each sample, for top-k; 0 where that is not known.
        digits: significant digits of each posterior, for digits; significant bits of logits whose
            mean is 0, where these are rounded so; else 0.
        least: least posterior that is told, for threshold; else 0.

    Example:
        >>> exact, coarse = Form(), Form("rounded", step=0.01)
        >>> coarse.reads(exact), exact.reads(coarse)
        (True, False)
    """

    kind: str = "posteriors"
    step: float = 0.0
    noise: float = 0.0
    kept: int = 0
    digits: int = 0
    least: float = 0.0

    def __post_init__(self) -> None:
        """Set kind to noisy where noise was measured, even if rows sum to 1.

        Noise that is clipped at 0 leaves rows that look censored.
        """
        if self.noise > NOTHING and self.kind in UNSEEN_NOISE:
            object.__setattr__(self, "kind", "noisy")

    @classmethod
    def of(cls, answers: tuple[Interpreted, ...], raw: tuple[Array, ...]) -> "Form":
        """The coarsest form among answers of several versions.

        Args:
            answers: answers as they were read.
            raw: the same as they were given, [n, classes] or [repeats, n, classes].
        """
        step = max(one.step for one in answers)
        noise = max(one.noise for one in answers)
        kinds = {one.kind for one in answers} - {"posteriors"}
        kind = next((name for name in _COARSEST_FIRST if name in kinds), "")
        if kind == "rounded" and step <= NOTHING:
            smallest = min(float(one.posteriors.min()) for one in answers)
            kind, step = ("", 0.0) if smallest >= FINE * step else (kind, step)
        if kind == "noisy" and noise <= NOTHING:
            kind = ""
        roundings = [one.rounding for one in answers if one.rounding is not None]
        of_logits = bool(kinds.intersection(OF_LOGITS))
        if kind == "rounded" and not of_logits and all(one.digits for one in roundings):
            # Small posteriors are told as well as large ones, which one step for all would deny.
            digits = min(one.digits for one in roundings)
            if digits < FINE_DIGITS:
                return cls("digits", noise=noise, digits=digits)
            half = any(one.kind == "float16" for one in roundings)
            return cls("float16" if half else "posteriors", noise=noise)
        if kind in OF_LOGITS:
            return cls._of_logits(step, noise, roundings)
        kept = 0
        if kind == "top-k":
            least = max(threshold_of(*pair) for pair in zip(answers, raw, strict=True))
            if least:
                return cls("threshold", step, noise, least=least)
            kept = max(int((values > 0).sum(-1).max()) for values in raw)
        if kind == "censored":  # their least value lies many steps above 0
            return cls(kind, noise=noise)
        return cls(kind or "posteriors", step, noise, kept)

    @classmethod
    def _of_logits(cls, step: float, noise: float, roundings: Sequence[Rounding]) -> "Form":
        """The form of logits, or of posteriors that were computed from rounded ones."""
        if roundings:
            step = max(moved_by_logits(one.step) for one in roundings)
        # Noise that is larger than what rounding does hides the steps.
        if step > COARSE_LOGITS and noise <= step / 12**0.5:
            digits = min((one.digits for one in roundings), default=0)
            return cls("rounded logits", step, noise, digits=digits)
        return cls("posteriors", noise=noise)

    @classmethod
    def from_json(cls, told: object) -> "Form":
        """The form that an export carries; exact posteriors where it carries none."""
        if not isinstance(told, Mapping):
            return cls()
        step, noise = (_number(told.get(key)) for key in ("step", "noise"))
        kept, digits = (int(_number(told.get(key))) for key in ("kept", "digits"))
        least = _number(told.get("least"))
        return cls(str(told.get("kind")), step, noise, kept, digits, least)

    def as_json(self) -> dict[str, Any]:
        """Its entry in an export's metadata."""
        return asdict(self)

    def matches(self, other: "Form") -> bool:
        """True if the two are of one kind, and about as fine."""
        return self.reads(other) and other.reads(self)

    def reads(self, other: "Form") -> bool:
        """True if an attack that was trained on this form reads answers of the other one.

        Exact posteriors hold all that coarser ones do.
        """
        if other.kind == "posteriors":
            return self.kind != "censored"  # no defence censors them
        if other.kind == "censored" and self.kind == "noisy":
            return True
        # Noise hides steps that are finer than it is.
        finest = ALIKE * max(self.step, self.noise, self.least, _FLOORS.get(self.kind, 0.0))
        # The noise of labels is that of the posteriors before, which labels do not tell.
        unknown = (self.kind == "noisy" and not self.noise) or (
            self.kind == "labels" and self.noise
        )
        blur = max(ALIKE * self.noise, self.step / 12**0.5, NOTHING)
        quiet = unknown or other.noise <= blur
        cut = not self.kept or not other.kept or self.kept == other.kept
        # Bits of logits follow from their step and size.
        told = self.kind == "rounded logits" or self.digits <= other.digits
        fine = other.step <= finest and told and other.least <= ALIKE * self.least
        return self.kind == other.kind and fine and quiet and cut

    @property
    def floor(self) -> float:
        """Value below which a posterior tells nothing, 0 where they are exact.

        That is one rounding step, or one deviation of noise. What cut answers leave to 1 is known
        no better than float32 holds numbers near 1. Rounded logits tell small posteriors as well as
        large ones.
        """
        if self.kind == "rounded logits":
            return self.noise
        return max(self.step, self.noise, self.least, _FLOORS.get(self.kind, 0.0))

    @property
    def cut(self) -> bool:
        """True if answers are cut to the top few classes, and exact beside that."""
        return self.kind == "top-k" and not self.step and not self.noise

    @property
    def words(self) -> str:
        """The form in words, to follow "answers"."""
        noise = f" with noise of {self.noise:.2g}" if self.noise > NOTHING else ""
        if self.kind == "noisy":
            return f"posteriors{noise or ' with noise'}"
        words = {
            "posteriors": "exact posteriors",
            "rounded": f"posteriors rounded to steps of {self.step:.2g}",
            "digits": f"posteriors of {self.digits} significant digits",
            "float16": "posteriors stored as float16",
            "rounded logits": f"posteriors of logits rounded to steps of about {2 * self.step:.2g}",
            "top-k": f"the likeliest {self.kept} classes only" if self.kept else "top classes only",
            "threshold": f"posteriors of {self.least:.2g} and more only",
            "labels": "labels only",
            "censored": "posteriors of which small ones are hidden",
        }.get(self.kind, self.kind)
        return f"{words}{noise}"

    @property
    def defence(self) -> str:
        """The `--defence` that makes such answers; empty where none does."""
        of_logits = self.kind == "rounded logits"
        decimals = max(0, round(-math.log10(self.step))) if self.step else 0
        lost = of_logits or (self.kind == "noisy" and self.step <= self.noise)
        rounding = f"round:{decimals}" if 0 < self.step < 1 and not lost else ""
        # Logits that are rounded now up and now down look noisy.
        seen = self.noise > NOTHING and not of_logits
        noise = f"noise:{self.noise:.2g}" if seen else ""
        own = {
            "top-k": f"top_k:{self.kept}",
            "threshold": f"threshold:{rounded_down(self.least)}",
            "labels": "label",
            "digits": f"digits:{self.digits}",
            "float16": "float16",
            "rounded logits": f"logit_bits:{self.digits}" if self.digits else self._decimals,
        }.get(self.kind, "")
        return ",".join(filter(None, (noise, own, rounding if own != "label" else "")))

    @property
    def _decimals(self) -> str:
        """The defence that rounds logits to such a step, or the next coarser one if none is."""
        places = math.floor(math.log10(ALIKE / (2 * self.step))) if self.step else 0
        return f"round_logits:{max(0, places)}"


EXACT = Form()


def _number(told: object) -> float:
    """A positive number of a stranger's file; 0 where it is none."""
    return float(told) if is_number(told) and told > 0 else 0.0
