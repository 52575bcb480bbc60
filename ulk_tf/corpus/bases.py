"""The base models of a corpus: found on disk by what determines them, or trained."""

from pathlib import Path

from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.design import BaseId, Design
from ulk_tf.corpus.executors import Executor
from ulk_tf.corpus.locks import disk_errors, locked
from ulk_tf.errors import UserError
from ulk_tf.progress import bar


def find_or_train(design: Design, crew: Executor) -> dict[BaseId, BaseModel]:
    """Every base model of a corpus; other corpora of the same data share them.

    Args:
        design: of the corpus.
        crew: trains those that are missing or damaged.
    """
    folder = design.home / "bases"
    keys = {base: design.base_key(base) for base in design.updates}
    paths = {base: folder / f"{base}-{key[:16]}.npz" for base, key in keys.items()}
    with locked(folder, wait=True):
        bases = {base: _found(paths[base], keys[base]) for base in paths}
    missing = [base for base, model in bases.items() if model is None]
    if missing:
        jobs = [design.training_job(base) for base in missing]
        with bar(len(jobs), "training base models", "model") as shown:
            for number, trained in crew.run(jobs):
                base = missing[number]
                with locked(folder, wait=True), disk_errors(folder):
                    trained.save(paths[base], keys[base])
                bases[base] = trained
                shown.update(1)
    return {base: model for base, model in bases.items() if model is not None}


def _found(path: Path, key: str) -> BaseModel | None:
    """The base model in a file; None where it is missing, damaged or another one."""
    if not path.is_file():
        return None
    try:
        return BaseModel.load(path, key)
    except UserError:
        return None
