"""Targets in SavedModel folders."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.encoding import png
from ulk_tf.blackbox.fitting import as_integers
from ulk_tf.blackbox.local import FunctionSource, named
from ulk_tf.blackbox.signatures import DEFAULT, choose
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest, sha256_file
from ulk_tf.progress import say
from ulk_tf.reasons import reason


def from_saved_model(
    path: Path, asking: Asking | None = None, class_names: Sequence[str] = ()
) -> FunctionSource:
    """A SavedModel folder, or the folder above its versions.

    A SavedModel is a program, so it is announced before it is loaded.

    Args:
        path: the folder.
        asking: settings of the queries; names the signature where there is no serving_default.
        class_names: in the order that the attack knows; empty where nobody knows them.

    Raises:
        UserError: it cannot be loaded, has no such signature, or takes more than one input.
    """
    folder = _version_folder(path)
    announced = announce_code(folder)
    try:
        model = tf.saved_model.load(str(folder))
        signatures = dict(model.signatures)
    except Exception as error:  # TensorFlow raises what it likes at a strange folder
        raise UserError(
            "a SavedModel that can be loaded", f"{folder} ({reason(error, named=False)})"
        ) from error
    name = choose(signatures, asking.signature if asking else None, str(folder))
    signature = signatures[name]
    inputs = signature.structured_input_signature[1]
    if len(inputs) != 1:
        raise UserError(
            "a SavedModel with one input, which takes the samples",
            f"{folder}, whose signature {name} has {len(inputs)}: {', '.join(sorted(inputs))}",
            "Export a signature that takes only the samples and fills in the others, and name it "
            "with --signature; or write a module:function that does so.",
        )
    ((label, spec),) = inputs.items()

    def answer(samples: Array) -> object:
        return named(signature(**{label: _tensor(samples, spec.dtype)}))

    sizes = None if spec.shape.rank in (None, 0) else tuple(spec.shape.as_list())
    if sizes is not None and spec.dtype == tf.string:
        sizes = None
    number = f"{folder.name} " if folder.name.isdecimal() else ""
    version = f"{number}({_folder_digest(folder)[:16]})"
    source = FunctionSource(answer, str(path), version, asking, class_names, sizes)
    source.notes += (announced,)
    if name != DEFAULT and (asking is None or asking.signature is None):
        source.notes += (f"The model has no {DEFAULT}; its only signature {name} was asked.",)
    return source


def announce_code(folder: Path, more: str = "") -> str:
    """Say that a SavedModel is code.

    Args:
        folder: what is about to be loaded.
        more: one more sentence.

    Returns:
        What was said.
    """
    sentence = (
        f"{folder} was not exported by you on this machine. A SavedModel is a program, and "
        f"loading it runs it: use only what you trust. {more}".rstrip()
    )
    say(sentence)
    return sentence


def _tensor(samples: Array, dtype: Any) -> tf.Tensor:
    """Samples as a SavedModel takes them."""
    if dtype == tf.string:
        return tf.constant([png(image) for image in samples])
    if dtype.is_integer:
        return tf.cast(tf.constant(as_integers(samples, dtype.name)), dtype)
    return tf.cast(tf.constant(samples), dtype)


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
