"""Targets in `.keras` files: looked into before Keras loads them, in its safe mode."""

from collections.abc import Sequence
from pathlib import Path

from ulk_tf import keras_files
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.local import FunctionSource, from_keras
from ulk_tf.files import sha256_file

_REMEDY = (
    "Save it as a SavedModel, which carries its code: model.export('folder'); or name a function "
    "that loads it: module:function."
)


def from_keras_file(
    path: Path, asking: Asking | None = None, class_names: Sequence[str] = ()
) -> FunctionSource:
    """A `.keras` file, loaded in Keras's safe mode, which runs no code of the file.

    Args:
        path: the file.
        asking: settings of the queries.
        class_names: in the order that the attack knows; empty where nobody knows them.

    Raises:
        UserError: it is no such file, reaches outside itself, holds code, or was written by a
            later Keras.
    """
    model = keras_files.load(path, _REMEDY)
    return from_keras(model, str(path), f"file {sha256_file(path)[:16]}", asking, class_names)
