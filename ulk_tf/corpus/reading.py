"""Reading of a corpus: its shards as the updates of a role."""

from collections.abc import Iterator

import numpy as np

from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.defended import defended
from ulk_tf.corpus.design import Design
from ulk_tf.corpus.locks import disk_errors
from ulk_tf.corpus.shards import Shards
from ulk_tf.corpus.updates import Updates
from ulk_tf.data.splits import Role
from ulk_tf.files import Array
from ulk_tf.rows import stacked


def read_updates(design: Design, shards: Shards, role: Role) -> Updates:
    """Read the updates of one role, as clients would see their posteriors.

    Shards are read one after another; large corpora stay on disk.

    Args:
        design: design of the side's corpus.
        shards: shards of the same corpus, complete.
        role: role of the base models.

    Raises:
        UserError: there is no room on disk for what would fill the memory.
    """
    counts = {base: updates for base, updates in design.updates.items() if base.role == role}
    befores: dict[BaseId, Array] = {}

    def afters() -> Iterator[Array]:
        for base, updates in counts.items():
            for before, after in shards.read(str(base), updates):
                befores.setdefault(base, before)
                yield after

    numbers = np.array([base.number for base in counts], np.int32)
    folder = shards.folder.parent
    with disk_errors(folder):
        after = stacked(afters(), sum(counts.values()), folder)
    size = design.party.update.set_size
    raw = Updates(
        np.repeat(numbers, list(counts.values())),
        np.stack(list(befores.values())),
        after,
        # Attacks infer the last of several updating sets.
        np.concatenate([design.plan[base].indices[:, -size:] for base in counts]),
    )
    with disk_errors(folder):
        return defended(design, raw, role)
