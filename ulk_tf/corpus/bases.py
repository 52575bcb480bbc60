"""The base models of corpora: found on disk by what determines them, or trained."""

from collections.abc import Sequence
from pathlib import Path

from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.design import BaseId, Design
from ulk_tf.corpus.executors import Executor
from ulk_tf.corpus.locks import disk_errors, locked
from ulk_tf.errors import UserError
from ulk_tf.progress import bar


def find_or_train(designs: Sequence[Design], executor: Executor) -> dict[BaseId, BaseModel]:
    """Every base model of some corpora; other corpora of the same data share them.

    Args:
        designs: of the corpora of all sides.
        executor: trains those that are missing or damaged.
    """
    owners = {base: design for design in designs for base in design.updates}
    keys = {base: design.base_key(base) for base, design in owners.items()}
    paths = {
        base: design.home / "bases" / f"{base}-{keys[base][:16]}.npz"
        for base, design in owners.items()
    }
    bases = {base: found(paths[base], keys[base]) for base in owners}
    missing = [base for base, model in bases.items() if model is None]
    if missing:
        jobs = [owners[base].training_job(base) for base in missing]
        with bar(len(jobs), "training base models", "model") as shown:
            for number, trained in executor.run(jobs):
                base = missing[number]
                folder = paths[base].parent
                with locked(folder, wait=True), disk_errors(folder):
                    trained.save(paths[base], keys[base])
                bases[base] = trained
                shown.update(1)
    return {base: model for base, model in bases.items() if model is not None}


def found(path: Path, key: str) -> BaseModel | None:
    """The base model in a file; None where it is missing, damaged or another one."""
    if not path.is_file():
        return None
    try:
        return BaseModel.load(path, key)
    except UserError:
        return None
