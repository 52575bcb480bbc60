"""Targets in this process: a Python function, a Keras model."""

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.answers.numbers import checked
from ulk_tf.blackbox import torch_module
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.fitting import Shape, batched, fitted
from ulk_tf.blackbox.outputs import select
from ulk_tf.blackbox.source import Reply
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest
from ulk_tf.python_state import kept_python
from ulk_tf.reasons import reason


class FunctionSource:
    """Anything that can be called with samples.

    Args:
        function: takes [n, ...], returns [n, classes], a mapping or table of such with names,
            or class names with their scores.
        name: what it is.
        version: what tells it from another version of it; may be empty.
        asking: settings of the queries.
        class_names: in the order that the attack knows; empty where nobody knows them.
        shape: shape of one sample that it takes, batch first; None where nobody knows it.

    Attributes:
        notes: sentences on what was done to understand it.
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
            # Its own copy: a function may change what it is given.
            with kept_python():
                answer = self._function(sent.copy())
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
        asking: settings of the queries.
        class_names: in the order that the attack knows; empty where nobody knows them.

    Raises:
        UserError: it takes more than one input.
    """
    called = name or f"Keras model {model.name}"
    known = version or f"weights {digest(*map(np.asarray, model.get_weights()))[:16]}"
    no_signature(asking, called)

    def answer(samples: Array) -> Any:
        return model(tf.constant(samples), training=False)

    return FunctionSource(
        lambda samples: named(answer(samples)),
        called,
        known,
        asking,
        class_names,
        _keras_shape(model, called),
    )


def from_import(
    target: str, asking: Asking | None = None, class_names: Sequence[str] = ()
) -> FunctionSource:
    """A Python function, `module:function`; it takes samples and returns posteriors.

    Args:
        target: where it is; a Keras model may stand there, too.
        asking: settings of the queries.
        class_names: in the order that the attack knows; empty where nobody knows them.

    Raises:
        UserError: it cannot be imported or called.
    """
    module, _, name = target.partition(":")
    try:
        with kept_python():
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
        function: function to call.
        name: what it is; its own name when empty.
        asking: settings of the queries.
        class_names: in the order that the attack knows; empty where nobody knows them.
    """
    called = name or getattr(function, "__qualname__", "") or type(function).__name__
    no_signature(asking, called)
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


def named(answer: Any) -> Any:
    """The outputs of a model by name, where it has several without names."""
    if isinstance(answer, list | tuple):
        return {f"output_{number}": value for number, value in enumerate(answer)}
    return answer


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


def no_signature(asking: Asking | None, name: str) -> None:
    """Raise `UserError` where a signature is asked of a target that has none."""
    if asking is not None and asking.signature is not None:
        raise UserError(
            "a served model or a SavedModel for --signature", name, "Leave --signature out."
        )
