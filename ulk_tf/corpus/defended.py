"""Defended posteriors: the posteriors of a corpus as clients would receive them.

Shards hold undefended posteriors. A defence is applied when a corpus is read, so changing it
computes no update again.
"""

import numpy as np

from ulk_tf import defences
from ulk_tf.corpus.design import Design
from ulk_tf.corpus.updates import Updates
from ulk_tf.data.splits import ROLES, Role
from ulk_tf.files import Array


def defended(design: Design, updates: Updates, role: Role) -> Updates:
    """Apply the defence of a side to the posteriors of its updates.

    Args:
        design: design of the side's corpus; its party names the defence.
        updates: undefended updates.
        role: role of their base models.

    Returns:
        Defended updates; `updates` itself without a defence. If the defence is random, `before`
        has a row for each update.
    """
    text = design.party.defence.defence
    if text is None:
        return updates
    chain = defences.parse(text)
    chain.check_classes(updates.after.shape[-1])
    samples = [int(probe, 16) for probe in design.probe_digests]
    within = _numbers_within_bases(updates)

    def seen(posteriors: Array, base: int, row: int, look: int) -> Array:
        key = (ROLES.index(role), base, row, look)
        return chain(posteriors, defences.Chance(design.seed, key, samples)).astype(np.float32)

    after = np.stack(
        [
            seen(posteriors, int(base), int(row), 1)
            for posteriors, base, row in zip(updates.after, updates.base, within, strict=True)
        ]
    )
    if chain.random:
        before = np.stack(
            [
                seen(updates.before[base], int(base), int(row), 0)
                for base, row in zip(updates.base, within, strict=True)
            ]
        )
    else:
        before = np.stack([seen(one, base, 0, 0) for base, one in enumerate(updates.before)])
    return Updates(updates.base, before, after, updates.indices, by_update=chain.random)


def _numbers_within_bases(updates: Updates) -> Array:
    """Number the updates of each base model from 0, int64 [updates]."""
    numbers = np.zeros(len(updates), np.int64)
    for base in np.unique(updates.base):
        rows = updates.base == base
        numbers[rows] = np.arange(rows.sum())
    return numbers
