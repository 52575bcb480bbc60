"""The updates of a corpus as attacks are given them."""

from dataclasses import dataclass, replace

import numpy as np

from ulk_tf.files import Array


@dataclass(frozen=True)
class Updates:
    """The updates of one role, as attacks are given them.

    Attributes:
        base: int32 [updates], number of the base model in its role.
        before: float32 [bases, probes, classes], posteriors of the base models.
        after: float32 [updates, probes, classes].
        indices: int32 [updates, set_size], the updating sets.
        by_update: whether `before` has a row for each update, as where answers are noisy, and
            not for each base model.
        kind: of the answers, as `answers.interpret` names it: posteriors, rounded, top-k,
            labels or noisy.
        step: the rounding step of the answers; 0 where they are exact.
    """

    base: Array
    before: Array
    after: Array
    indices: Array
    by_update: bool = False
    kind: str = "posteriors"
    step: float = 0.0

    def __len__(self) -> int:
        return len(self.after)

    @property
    def look(self) -> Array:
        """The row of `before` that goes with each update, int32 [updates]."""
        return np.arange(len(self), dtype=np.int32) if self.by_update else self.base

    def take(self, rows: Array) -> "Updates":
        """Some of the updates, in this order.

        Args:
            rows: int [n], their places.
        """
        return replace(
            self,
            base=self.base[rows],
            before=self.before[rows] if self.by_update else self.before,
            after=self.after[rows],
            indices=self.indices[rows],
        )

    def pair(self, rows: Array) -> tuple[Array, Array]:
        """Posteriors before and after some updates, float32 [rows, probes, classes] each."""
        return self.before[self.look[rows]], self.after[rows]
