"""Stale corpora: detected by computing the first update of each base model again.

The key of a corpus holds its settings. Edited code, or another version of a library, may compute
other posteriors under the same settings, and the two must not be mixed.
"""

from collections.abc import Sequence

import numpy as np

from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.design import Design
from ulk_tf.corpus.executors import Executor
from ulk_tf.corpus.shards import Shards
from ulk_tf.errors import UserError
from ulk_tf.files import Array

# Tolerances: an absolute one, since processors round differently by about 1e-7, and one relative
# to the largest change of a posterior by the update.
ROUNDING, OF_MOVEMENT = 1e-6, 1e-3


def check_first_updates(
    corpora: Sequence[tuple[Design, Shards]], bases: dict[BaseId, BaseModel], executor: Executor
) -> None:
    """Compute the first update of each base model again, and compare it with the one on disk.

    Args:
        corpora: corpora of all sides, complete or not.
        bases: all base models by identity.
        executor: runs the jobs.

    Raises:
        UserError: an update differs by more than rounding.
    """
    jobs, recorded, folders = [], [], []
    for design, shards in corpora:
        for base in design.updates:
            first = shards.first(str(base), bases[base].digest)
            if first is not None:
                jobs.append(design.update_job(base, bases[base], 0, 1))
                recorded.append(first)
                folders.append(shards.folder)
    for number, computed in executor.run(jobs):
        before, after = recorded[number]
        apart = _apart(computed["before"], before), _apart(computed["after"][0], after)
        allowed = max(ROUNDING, OF_MOVEMENT * _apart(before, after))
        if max(apart) > allowed:
            raise UserError(
                f"a corpus that this code and these libraries made in {folders[number]}",
                f"one whose first update of {jobs[number].base} differs by {max(apart):.2g}",
                "Remove that folder to compute it again, or go back to what made it.",
            )


def _apart(one: Array, other: Array) -> float:
    return float(np.abs(one.astype(np.float64) - other).max())
