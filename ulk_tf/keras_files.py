"""Keras files: `.keras` archives, checked before Keras loads them in its safe mode."""

import json
import warnings
import zipfile
from pathlib import Path, PurePosixPath

import keras

from ulk_tf.errors import UserError
from ulk_tf.files import memory_limit
from ulk_tf.reasons import reason

MAX_UNPACKED = 8 * 2**30  # bytes
MAX_METADATA = 2**20  # bytes


def load(path: Path, remedy: str, compiled: bool = False) -> keras.Model:
    """Load a `.keras` file in Keras' safe mode, which runs no code of the file.

    Args:
        path: the file.
        remedy: sentence on what to do about a file with code of its own.
        compiled: True restores its optimizer and its loss.

    Raises:
        UserError: it is no such file, is too large, reaches outside itself, holds code, or was
            written by a later Keras.
    """
    check_archive(path)
    try:
        with warnings.catch_warnings():
            # Of optimizers whose state is not restored: an update starts a new one.
            warnings.simplefilter("ignore")
            model = keras.models.load_model(path, compile=compiled, safe_mode=True)
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
            remedy,
        ) from error
    if not isinstance(model, keras.Model):
        raise UserError("a .keras file of a keras.Model", f"{path} of a {type(model).__name__}")
    return model


def check_archive(path: Path) -> None:
    """Check the list of a `.keras` file's parts, without unpacking any.

    Raises:
        UserError: it is no archive, a part lies outside it, or unpacked it would not fit.
    """
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
    most = min(MAX_UNPACKED, memory_limit())
    if sum(member.file_size for member in members) > most:
        raise UserError(f"a .keras file of at most {most} bytes unpacked", f"{path}")


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
