"""Interpreted answers: posteriors, and how finely they are told."""

from dataclasses import dataclass

from ulk_tf.answers.rounding import Rounding
from ulk_tf.files import Array

# Kinds of answers whose rounding, if there is any, is one of logits.
OF_LOGITS = ("logits", "rounded logits")


@dataclass(frozen=True)
class Interpreted:
    """Answers turned into posteriors.

    Attributes:
        posteriors: float32 [n, classes]; the mean where each sample was asked several times.
        kind: posteriors, logits, labels, rounded, top-k, noisy, censored (see
            `censored.are_censored`), or rounded logits: posteriors that were computed from such.
        notes: sentences for the user about what was recognised and done; empty for plain
            posteriors.
        step: distance between two neighbouring posteriors as far as the answers were rounded,
            the largest there is; where logits were rounded, half the step of a typical one; 0 where
            neither was.
        noise: estimated standard deviation of noise on each posterior; 0 where there is none.
        spread: how far posteriors of one sample that was asked several times may lie apart, for the
            means; 0 where each was asked once.
        rounding: how posteriors of kind rounded were rounded, or logits, whose digits are those of
            `find_rounded_logits`; None where that is not known, and for other kinds.
        logits: float64 [n, classes], where the target told logits, or logarithms or odds, which
            tell as much; the mean where each sample was asked several times; else None.
    """

    posteriors: Array
    kind: str
    notes: tuple[str, ...] = ()
    step: float = 0.0
    noise: float = 0.0
    spread: float = 0.0
    rounding: Rounding | None = None
    logits: Array | None = None
