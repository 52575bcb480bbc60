"""Updates of a corpus: posteriors and updating sets, the input of attacks."""

from dataclasses import dataclass, replace

import numpy as np

from ulk_tf.answers.form import EXACT, Form
from ulk_tf.files import Array
from ulk_tf.rows import Rows


@dataclass(frozen=True)
class Updates:
    """Updates of one role.

    Attributes:
        base: number of each update's base model in its role, int32 [updates].
        before: posteriors of the base models, float32 [bases, probes, classes], or [updates, ...]
            with `by_update`.
        after: posteriors after each update, float32 [updates, probes, classes]; on disk if they
            would fill the memory.
        indices: the updating sets, int32 [updates, set_size], positions in the data set.
        by_update: True if `before` has a row for each update, since a defence is random; False
            if it has one for each base model.
        form: form of the answers; exact posteriors without a defence.
        redrawn: the same updates behind the same defence, drawn anew (see `corpus.redrawn`);
            attacks learn from them in turn.
    """

    base: Array
    before: Rows
    after: Rows
    indices: Array
    by_update: bool = False
    form: Form = EXACT
    redrawn: tuple["Updates", ...] = ()

    def __len__(self) -> int:
        return len(self.after)

    @property
    def look(self) -> Array:
        """Row of `before` of each update, int32 [updates]."""
        return np.arange(len(self), dtype=np.int32) if self.by_update else self.base

    @property
    def drawings(self) -> tuple["Updates", ...]:
        """Every drawing of these updates, of one length each."""
        return (self, *self.redrawn)

    def take(self, rows: Array) -> "Updates":
        """Select updates, in the order of `rows`.

        Args:
            rows: positions of the updates, int [n].
        """
        return replace(
            self,
            base=self.base[rows],
            before=self.before[rows] if self.by_update else self.before,
            after=self.after[rows],
            indices=self.indices[rows],
            redrawn=tuple(one.take(rows) for one in self.redrawn),
        )

    def pair(self, rows: Array) -> tuple[Array, Array]:
        """Return posteriors before and after some updates, float32 [rows, probes, classes] each.

        Args:
            rows: positions of the updates, int [rows].
        """
        return self.before[self.look[rows]], self.after[rows]
