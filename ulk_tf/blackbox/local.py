"""Targets on this machine: a Keras model, a `.keras` file, a SavedModel, a Python function."""

import importlib
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.blackbox.answers import checked, pick
from ulk_tf.blackbox.source import Reply
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest, sha256_file

MAX_UNPACKED = 8 * 2**30  # bytes


class FunctionSource:
    """Anything that can be called with samples.

    Args:
        function: takes [n, ...], returns [n, classes] or a dict of such.
        name: what it is.
        version: what tells it from another version of it; may be empty.
        output: which of several outputs holds the posteriors; None finds it.
    """

    batch: int | None = 256

    def __init__(
        self,
        function: Callable[[Array], object],
        name: str,
        version: str = "",
        output: str | None = None,
    ) -> None:
        self.name = name
        self._function = function
        self._version = version
        self._output = output

    def ask(self, samples: Array, spend: Callable[[int], None]) -> Reply:
        """Query with `samples`; see `Source`."""
        spend(len(samples))
        try:
            answer = self._function(samples)
        except Exception as error:  # somebody else's code: whatever it raises is its answer
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            raise UserError(
                f"{self.name} to answer samples of shape {list(samples.shape[1:])}", reason
            ) from error
        values = pick(answer, self._output) if isinstance(answer, Mapping) else answer
        return Reply(checked(values, len(samples)), self._version)


def from_keras(model: keras.Model, name: str = "", version: str = "") -> FunctionSource:
    """A Keras model in memory.

    Args:
        model: takes samples as stored.
        name: what it is; the model's own name when empty.
        version: what tells it from another; a digest of the weights when empty.
    """
    known = version or f"weights {digest(*map(np.asarray, model.get_weights()))[:16]}"
    return FunctionSource(
        lambda samples: _plain(model(tf.constant(samples), training=False)),
        name or f"Keras model {model.name}",
        known,
    )


def from_keras_file(path: Path, output: str | None = None) -> FunctionSource:
    """A `.keras` file, loaded in Keras's safe mode, which runs no code of the file.

    Raises:
        UserError: it is no such file, reaches outside itself, or holds code.
    """
    _check_archive(path)
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises what it likes at a strange file
        reason = " ".join(str(error).split())[:300]
        raise UserError(
            "a .keras file without code of its own (no Lambda, no custom layer)",
            f"{path} ({reason})",
        ) from error
    made = from_keras(model, str(path), f"file {sha256_file(path)[:16]}")
    return FunctionSource(made._function, made.name, made._version, output)


def from_saved_model(path: Path, output: str | None = None) -> FunctionSource:
    """A SavedModel folder, or the folder above its versions.

    A SavedModel is a program, so it is announced on standard error before it is loaded.

    Raises:
        UserError: it cannot be loaded, or takes more than one input.
    """
    folder = _version_folder(path)
    announce_code(folder)
    try:
        model = tf.saved_model.load(str(folder))
        signature = model.signatures["serving_default"]
    except Exception as error:  # TensorFlow raises what it likes at a strange folder
        reason = " ".join(str(error).split())[:300]
        raise UserError(
            "a SavedModel with a signature serving_default", f"{folder} ({reason})"
        ) from error
    inputs = signature.structured_input_signature[1]
    if len(inputs) != 1:
        raise UserError("a SavedModel with one input", f"{len(inputs)}: {', '.join(inputs)}")
    ((label, spec),) = inputs.items()

    def answer(samples: Array) -> object:
        return _plain(signature(**{label: tf.constant(samples.astype(spec.dtype.name))}))

    number = f"{folder.name} " if folder.name.isdecimal() else ""
    return FunctionSource(answer, str(path), f"{number}({_folder_digest(folder)[:16]})", output)


def from_import(target: str) -> FunctionSource:
    """A Python function, `module:function`; it takes samples and returns posteriors.

    Raises:
        UserError: it cannot be imported or called.
    """
    module, _, name = target.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except Exception as error:  # somebody else's code runs here
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        raise UserError(
            "--target=module:function that can be imported", f"{target} ({reason})"
        ) from error
    if not callable(function):
        raise UserError("a function of samples", target)
    return FunctionSource(function, target)


def announce_code(folder: Path, more: str = "") -> None:
    """Say on standard error that a SavedModel is code.

    Args:
        folder: what is about to be loaded.
        more: one more sentence.
    """
    print(
        f"note: {folder} was not exported by you on this machine. A SavedModel is a program, and "
        f"loading it runs it: use only what you trust. {more}".rstrip(),
        file=sys.stderr,
    )


def _plain(answer: object) -> object:
    """Tensors as arrays; the outputs of a model with several by name."""
    if isinstance(answer, Mapping):
        return {str(name): np.asarray(value) for name, value in answer.items()}
    if isinstance(answer, list | tuple):
        return {f"output_{number}": np.asarray(value) for number, value in enumerate(answer)}
    return np.asarray(answer)


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


def _version_folder(path: Path) -> Path:
    if (path / "saved_model.pb").is_file():
        return path
    inside = [p for p in path.iterdir() if p.name.isdecimal() and (p / "saved_model.pb").is_file()]
    if not inside:
        raise UserError("a folder with saved_model.pb", str(path))
    return max(inside, key=lambda folder: int(folder.name))


def _folder_digest(folder: Path) -> str:
    files = [folder / "saved_model.pb", *sorted((folder / "variables").glob("*"))]
    return digest(*(sha256_file(file) for file in files))
