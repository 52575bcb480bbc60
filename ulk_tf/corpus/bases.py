"""Base models of corpora: loaded from disk by their key, or trained."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.design import Design
from ulk_tf.corpus.executors import Executor
from ulk_tf.corpus.locks import disk_errors, locked
from ulk_tf.errors import UserError
from ulk_tf.progress import bar


def find(designs: Sequence[Design]) -> dict[BaseId, BaseModel]:
    """Load the base models that are on disk: given as files, or trained for such corpora before.

    Args:
        designs: designs of the corpora of all sides.

    Returns:
        Base models by identity; those that are missing are left out.
    """
    loaded = {}
    for design in designs:
        for base in design.updates:
            model = design.model_of_file(base)
            if model is not None:
                loaded[base] = model
                continue
            path, key = _path(design, base)
            with suppress(UserError):  # missing, damaged or of another key: trained later
                loaded[base] = BaseModel.load(path, key)
    return loaded


def train_missing(
    designs: Sequence[Design], bases: dict[BaseId, BaseModel], executor: Executor
) -> dict[BaseId, BaseModel]:
    """Train the base models that are not on disk, and save each as soon as it is trained.

    Args:
        designs: designs of the corpora of all sides.
        bases: the base models that were loaded.
        executor: runs the training jobs.

    Returns:
        All base models by identity.
    """
    missing = [(d, base) for d in designs for base in d.updates if base not in bases]
    models = dict(bases)
    if missing:
        jobs = [design.training_job(base) for design, base in missing]
        with bar(len(jobs), "training base models", "model") as shown:
            for number, trained in executor.run(jobs):
                design, base = missing[number]
                path, key = _path(design, base)
                with locked(path.parent, wait=True), disk_errors(path.parent):
                    trained.save(path, key)
                models[base] = trained
                shown.update(1)
    return models


def _path(design: Design, base: BaseId) -> tuple[Path, str]:
    """Return the file of a base model, and its key."""
    key = design.base_key(base)
    return design.home / "bases" / f"{base}-{key[:16]}.npz", key
