"""Gaps of a corpus: the planned updates that no shard on disk holds."""

from collections.abc import Iterator

from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.changes import trained_together
from ulk_tf.corpus.design import Design
from ulk_tf.corpus.shards import Shards

# Updates in one file: about a megabyte, some seconds of work; a multiple of the engine's block.
SHARD_UPDATES = 256
# Where an update takes seconds, a kill must not cost minutes.
SLOW_SHARD_UPDATES = 8


def missing_updates(design: Design, bases: dict[BaseId, BaseModel]) -> dict[BaseId, int]:
    """Count the updates that a side's corpus lacks, by base model; nothing is locked or written.

    Args:
        design: design of the corpus.
        bases: base models that are on disk; others lack all their updates.
    """
    if complete(design, bases) is not None:
        return {}
    missing = {base: count for base, count in design.updates.items() if base not in bases}
    shards = Shards(design.folder, design.identity, design.probe_digests)
    for base, start, stop in gaps(design, shards, bases):
        missing[base] = missing.get(base, 0) + stop - start
    return missing


def complete(design: Design, bases: dict[BaseId, BaseModel]) -> Shards | None:
    """Return the side's corpus, or one with a larger probing set, if it is complete; else None.

    It is read without its lock: a process that extends it adds files and changes none.

    Args:
        design: design of the corpus.
        bases: base models that are on disk.
    """
    if not set(design.updates) <= set(bases):
        return None
    kin = design.folder.name.partition("-")[0]
    folders = sorted(design.folder.parent.glob(f"{kin}-*"), key=lambda one: one != design.folder)
    for folder in folders:
        shards = Shards.with_probes(folder, design.identity, design.probe_digests)
        if shards and not any(gaps(design, shards, bases)):
            return shards
    return None


def gaps(
    design: Design, shards: Shards, bases: dict[BaseId, BaseModel]
) -> Iterator[tuple[BaseId, int, int]]:
    """Yield the missing updates of base models that are there: base, first and after the last.

    Args:
        design: design of the corpus.
        shards: its shards.
        bases: base models that are on disk or trained.
    """
    slow = not trained_together(design.party.update)
    largest = min(SHARD_UPDATES, SLOW_SHARD_UPDATES) if slow else SHARD_UPDATES
    for base, updates in design.updates.items():
        if base not in bases:
            continue
        for start, stop in shards.missing(str(base), updates, bases[base].digest, largest):
            yield base, start, stop
