"""The base models of corpora: found on disk by what determines them, or trained."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.design import BaseId, Design
from ulk_tf.corpus.executors import Executor
from ulk_tf.corpus.locks import disk_errors, locked
from ulk_tf.errors import UserError
from ulk_tf.progress import bar


def find(designs: Sequence[Design]) -> dict[BaseId, BaseModel]:
    """Find the base models of corpora that are on disk; corpora of the same data share them.

    Args:
        designs: of the corpora of all sides.
    """
    found = {}
    for design in designs:
        for base in design.updates:
            path, key = _path(design, base)
            with suppress(UserError):  # missing, damaged or another one: it is trained
                found[base] = BaseModel.load(path, key)
    return found


def train_missing(
    designs: Sequence[Design], bases: dict[BaseId, BaseModel], executor: Executor
) -> dict[BaseId, BaseModel]:
    """Train the base models that were not found, and write each down when it is ready.

    Args:
        designs: of the corpora of all sides.
        bases: those that were found.
        executor: trains the others.

    Returns:
        All of them.
    """
    missing = [(d, base) for d in designs for base in d.updates if base not in bases]
    whole = dict(bases)
    if missing:
        jobs = [design.training_job(base) for design, base in missing]
        with bar(len(jobs), "training base models", "model") as shown:
            for number, trained in executor.run(jobs):
                design, base = missing[number]
                path, key = _path(design, base)
                with locked(path.parent, wait=True), disk_errors(path.parent):
                    trained.save(path, key)
                whole[base] = trained
                shown.update(1)
    return whole


def _path(design: Design, base: BaseId) -> tuple[Path, str]:
    """The file of a base model, and the key by which it is found."""
    key = design.base_key(base)
    return design.home / "bases" / f"{base}-{key[:16]}.npz", key
