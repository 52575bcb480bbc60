"""Targets in `.keras` files: looked into before Keras loads them, in its safe mode."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import keras

from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.local import FunctionSource, from_keras
from ulk_tf.blackbox.reasons import reason
from ulk_tf.errors import UserError
from ulk_tf.files import sha256_file

MAX_UNPACKED = 8 * 2**30  # bytes
MAX_METADATA = 2**20  # bytes


def from_keras_file(
    path: Path, asking: Asking | None = None, class_names: Sequence[str] = ()
) -> FunctionSource:
    """A `.keras` file, loaded in Keras's safe mode, which runs no code of the file.

    Args:
        path: the file.
        asking: how it is asked.
        class_names: in the order that the attack knows; empty where nobody knows them.

    Raises:
        UserError: it is no such file, reaches outside itself, holds code, or was written by a
            later Keras.
    """
    _check_archive(path)
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises what it likes at a strange file
        written = _keras_version(path)
        if _numbers(written) > _numbers(keras.__version__):
            raise UserError(
                f"a .keras file of Keras {keras.__version__} or an earlier one",
                f"{path} of Keras {written} ({reason(error, named=False)})",
                f"Install it (pip install 'keras>={written}'), or save the model as a SavedModel: "
                "model.export('folder').",
            ) from error
        raise UserError(
            "a .keras file without code of its own (no Lambda, no custom layer or class)",
            f"{path} ({reason(error, named=False)})",
            "Save it as a SavedModel, which carries its code: model.export('folder'); or name a "
            "function that loads it: module:function.",
        ) from error
    return from_keras(model, str(path), f"file {sha256_file(path)[:16]}", asking, class_names)


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (OSError, zipfile.BadZipFile) as error:
        raise UserError("a .keras file", f"{path} ({type(error).__name__})") from error
    for member in members:
        inside = PurePosixPath(member.filename.replace("\\", "/"))
        link = member.external_attr >> 16 & 0o170000 == 0o120000
        if inside.is_absolute() or ".." in inside.parts or ":" in member.filename or link:
            raise UserError(
                "a .keras file whose parts stay inside it", f"{path} with {member.filename!r}"
            )
    if sum(member.file_size for member in members) > MAX_UNPACKED:
        raise UserError(f"a .keras file of at most {MAX_UNPACKED} bytes unpacked", f"{path}")


def _keras_version(path: Path) -> str:
    """Version of the Keras that wrote a file, by its metadata.json; empty where it is not told."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("metadata.json") as file:
            told = json.loads(file.read(MAX_METADATA))["keras_version"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile):
        return ""
    text = str(told)
    return text if text.isascii() and text.isprintable() and len(text) < 40 else ""


def _numbers(version: str) -> tuple[int, ...]:
    """A version as numbers that can be compared."""
    parts = version.split(".")[:3]
    return tuple(int("".join(c for c in part if c.isdecimal()) or 0) for part in parts)
