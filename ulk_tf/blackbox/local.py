"""Targets on this machine: a Keras model, a SavedModel, a Python function."""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.answers.numbers import checked
from ulk_tf.blackbox import torch_module
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.encoding import png
from ulk_tf.blackbox.fitting import Shape, as_integers, batched, fitted
from ulk_tf.blackbox.outputs import select
from ulk_tf.blackbox.reasons import reason
from ulk_tf.blackbox.signatures import DEFAULT, choose
from ulk_tf.blackbox.source import Reply
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest, sha256_file
from ulk_tf.progress import say


class FunctionSource:
    """Anything that can be called with samples.

    Args:
        function: takes [n, ...], returns [n, classes], a mapping or table of such with names,
            or class names with their scores.
        name: what it is.
        version: what tells it from another version of it; may be empty.
        asking: how it is asked.
        class_names: in the order that the attack knows; empty where nobody knows them.
        shape: of one sample that it takes, batch first; None where nobody knows it.

    Attributes:
        notes: what was done to understand it, as sentences.
    """

    batch: int | None = 256

    def __init__(
        self,
        function: Callable[[Array], object],
        name: str,
        version: str = "",
        asking: Asking | None = None,
        class_names: Sequence[str] = (),
        shape: Shape | None = None,
    ) -> None:
        self.name = name
        self.notes: tuple[str, ...] = ()
        self._function = function
        self._version = version
        self._asking = asking or Asking()
        self._class_names = class_names
        self._fixed = None if shape is None else shape[0]
        self._shape = None if shape is None else shape[1:]
        self.batch = self._fixed or self.batch

    def ask(self, samples: Array, spend: Callable[[int], None]) -> Reply:
        """Query with `samples`; see `Source`."""
        step = self._fixed or len(samples)
        parts = [self._ask(samples[i : i + step], spend) for i in range(0, len(samples), step)]
        return Reply(np.concatenate(parts), self._version)

    def _ask(self, samples: Array, spend: Callable[[int], None]) -> Array:
        shaped, note = fitted(samples, self._shape, self.name)
        sent, count = batched(shaped, self._fixed)
        spend(len(sent))
        try:
            answer = self._function(sent)
        except UserError:
            raise
        except Exception as error:  # somebody else's code: whatever it raises is its answer
            raise UserError(
                f"{self.name} to answer samples of shape {list(samples.shape[1:])} and type "
                f"{samples.dtype}",
                reason(error),
                "Does it take the samples as --scale sends them, and as many at once (--batch)?",
            ) from error
        values, notes = select(answer, len(sent), self._asking.output, self._class_names)
        for one in (note, *notes):
            if one and one not in self.notes:
                self.notes += (one,)
        return checked(values, len(sent))[:count]


def from_keras(
    model: keras.Model,
    name: str = "",
    version: str = "",
    asking: Asking | None = None,
    class_names: Sequence[str] = (),
) -> FunctionSource:
    """A Keras model in memory.

    Args:
        model: takes samples as stored.
        name: what it is; the model's own name when empty.
        version: what tells it from another; a digest of the weights when empty.
        asking: how it is asked.
        class_names: in the order that the attack knows; empty where nobody knows them.

    Raises:
        UserError: it takes more than one input.
    """
    called = name or f"Keras model {model.name}"
    known = version or f"weights {digest(*map(np.asarray, model.get_weights()))[:16]}"
    _no_signature(asking, called)

    def answer(samples: Array) -> Any:
        return model(tf.constant(samples), training=False)

    return FunctionSource(
        lambda samples: _named(answer(samples)),
        called,
        known,
        asking,
        class_names,
        _keras_shape(model, called),
    )


def from_saved_model(
    path: Path, asking: Asking | None = None, class_names: Sequence[str] = ()
) -> FunctionSource:
    """A SavedModel folder, or the folder above its versions.

    A SavedModel is a program, so it is announced before it is loaded.

    Args:
        path: the folder.
        asking: how it is asked; names the signature where there is no serving_default.
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
        return _named(signature(**{label: _tensor(samples, spec.dtype)}))

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


def from_import(
    target: str, asking: Asking | None = None, class_names: Sequence[str] = ()
) -> FunctionSource:
    """A Python function, `module:function`; it takes samples and returns posteriors.

    Args:
        target: where it is; a Keras model may stand there, too.
        asking: how it is asked.
        class_names: in the order that the attack knows; empty where nobody knows them.

    Raises:
        UserError: it cannot be imported or called.
    """
    module, _, name = target.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except Exception as error:  # somebody else's code runs here
        raise UserError(
            "--target=module:function that can be imported",
            f"{target} ({reason(error)})",
            "A module is found in the folder where the command is started, or in PYTHONPATH.",
        ) from error
    if isinstance(function, keras.Model):
        return from_keras(function, target, "", asking, class_names)
    if not callable(function):
        raise UserError("a function of samples", target)
    return from_function(function, target, asking, class_names)


def from_function(
    function: Callable[[Array], object],
    name: str = "",
    asking: Asking | None = None,
    class_names: Sequence[str] = (),
) -> FunctionSource:
    """A Python function of samples, or a PyTorch module.

    Args:
        function: what is called.
        name: what it is; its own name when empty.
        asking: how it is asked.
        class_names: in the order that the attack knows; empty where nobody knows them.
    """
    called = name or getattr(function, "__qualname__", "") or type(function).__name__
    _no_signature(asking, called)
    if not torch_module.is_module(function):
        return FunctionSource(function, called, "", asking, class_names)
    source = FunctionSource(
        torch_module.answering(function),
        name or f"PyTorch module {called}",
        torch_module.version_of(function),
        asking,
        class_names,
    )
    source.notes += (torch_module.CHANNELS_FIRST,)
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


def _named(answer: Any) -> Any:
    """The outputs of a model with several by name."""
    if isinstance(answer, list | tuple):
        return {f"output_{number}": value for number, value in enumerate(answer)}
    return answer


def _tensor(samples: Array, dtype: Any) -> tf.Tensor:
    """Samples as a SavedModel takes them."""
    if dtype == tf.string:
        return tf.constant([png(image) for image in samples])
    if dtype.is_integer:
        return tf.cast(tf.constant(as_integers(samples, dtype.name)), dtype)
    return tf.cast(tf.constant(samples), dtype)


def _keras_shape(model: keras.Model, name: str) -> Shape | None:
    """The shape that a model takes, batch first; None for a model that takes any."""
    inputs = getattr(model, "inputs", None)
    if not inputs:
        return None
    if len(inputs) > 1:
        labels = ", ".join(str(one.name) for one in inputs)
        raise UserError(
            "a model with one input, which takes the samples",
            f"{name} with {len(inputs)}: {labels}",
            "Write a module:function that takes only the samples and fills in the others.",
        )
    return tuple(inputs[0].shape)


def _no_signature(asking: Asking | None, name: str) -> None:
    if asking is not None and asking.signature is not None:
        raise UserError(
            "a served model or a SavedModel for --signature", name, "Leave --signature out."
        )


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
