"""Rows of answers in the unit of posteriors, and what they show of how they are told."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ulk_tf.answers.readings import is_truncated, noise_of, sums_to_one
from ulk_tf.answers.rounding import HALF
from ulk_tf.files import Array

LEAST_HALF = 2.0**-24  # the distance of small numbers of float16


@dataclass(frozen=True)
class Rows:
    """Rows of answers in the unit of posteriors.

    Attributes:
        values: float64 [n, classes], finite.
        words: how they were rounded, such as "to 4 decimals"; empty where they were not.
        step: step of their rounding; 0 where there is none.
        digits: significant digits that small values have as well; 0 where steps are even.
    """

    values: Array
    words: str
    step: float
    digits: int = 0

    @cached_property
    def apart(self) -> float:
        """How far the smallest value above 0 lies from the next one, relative to it."""
        if not self.step or not (self.values > 0).any():
            return 0.0
        least = float(self.values[self.values > 0].min())
        if not self.digits:
            return self.step / least
        return max(10.0 ** (1 - self.digits), LEAST_HALF / least if self.words == HALF else 0.0)

    @cached_property
    def kept(self) -> Array:
        """Classes above 0 in each row, int [n]."""
        return (self.values > 0).sum(axis=1)

    @cached_property
    def even(self) -> bool:
        """True if every row has as many classes above 0, and fewer than there are."""
        return bool(np.ptp(self.kept) == 0 and self.kept.max() < self.values.shape[1])

    @cached_property
    def whole(self) -> bool:
        """True if every row sums to 1, but for what rounding or cutting off digits takes away."""
        if sums_to_one(self.values, self.step):
            return True
        # Top-k keeps as many classes in every row, but for those that round to 0.
        most = self.kept.max()
        top = most < self.values.shape[1] and (self.kept == most).mean() >= 0.5
        return is_truncated(self.values, self.step) and not top

    @cached_property
    def noise(self) -> float | None:
        """Standard deviation of the noise on posteriors; None if rows are no posteriors."""
        return noise_of(self.values)

    @cached_property
    def rounded(self) -> tuple[str, ...]:
        """The note about the rounding, if there is one."""
        if not self.step:
            return ()
        return (
            f"The target rounds its answers {self.words}. Changes below that cannot be seen, and "
            "only attacks that were trained for it read them well.",
        )
