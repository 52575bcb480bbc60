"""A model's structure as a digest, whatever names Keras numbered its layers with."""

import inspect
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras

from ulk_tf.classifiers import keras_state, losses
from ulk_tf.files import digest

_LIBRARIES = {"keras", "tensorflow", "numpy"}


def architecture(model: keras.Model) -> str:
    """A digest of a model's layers and of what it was compiled with, whatever their names.

    Equal for two models that the same code built; different where a layer, a setting, a
    connection, a nested model or the source of an own class or function differs.

    Args:
        model: a built classifier.
    """
    if _is_flat(model):
        # Names are replaced in the text: bases and corpora are found again by these bytes.
        text = model.to_json()
        for number, layer in enumerate(model.layers):
            text = text.replace(f'"{layer.name}"', f'"layer {number}"')
        return digest(text.replace(f'"{model.name}"', '"model"'))
    layers = list(model._flatten_layers())
    serialized = _serialized(model, layers)
    sources = sorted({_source(part) for part in _own_code(model, layers)})
    settings = {name: str(value) for name, value in (keras_state.of(model) or {}).items()}
    return digest(_Numbered().described(serialized), _weights(model), sources, settings)


def _is_flat(model: keras.Model) -> bool:
    """Tell whether all names in a model's text are those of its layers.

    A sequential model keeps its input back, and that has a name too.
    """
    nests = any(list(layer._flatten_layers(include_self=False)) for layer in model.layers)
    own = not all(_is_keras(type(layer)) for layer in (model, *model.layers))
    plain = not model.compiled and keras_state.of(model) is None
    return plain and not (nests or own or isinstance(model, keras.Sequential))


def _is_keras(kind: type) -> bool:
    return kind.__module__.startswith("keras.")


class _Numbered:
    """Numbers the names of layers, models, losses and optimizers in the order of appearance."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def described(self, value: Any) -> Any:
        """A serialized value with numbers for names.

        Args:
            value: as JSON has it.
        """
        if isinstance(value, list):
            return [self.described(part) for part in value]
        if not isinstance(value, dict):
            return value
        named = "config" in value and not str(value.get("class_name")).endswith("Policy")
        result = {}
        for key, part in value.items():
            if key == "name" and isinstance(part, str):
                result[key] = self._number(part)
            elif key == "config" and not named:
                result[key] = part
            else:
                result[key] = _REFERENCES.get(key, _Numbered.described)(self, part)
        return result

    def reference(self, value: Any) -> Any:
        """A place in a graph, [layer's name, node, tensor], or several of them.

        Args:
            value: as JSON has it.
        """
        if isinstance(value, str):
            return self._number(value)
        if isinstance(value, list):
            return [self.reference(part) for part in value]
        return self.described(value)

    def _number(self, name: str) -> str:
        return f"name {self._numbers.setdefault(name, len(self._numbers))}"


_REFERENCES: dict[str, Callable[[_Numbered, Any], Any]] = {
    "keras_history": _Numbered.reference,
    "input_layers": _Numbered.reference,
    "output_layers": _Numbered.reference,
}


def _serialized(model: keras.Model, layers: list[keras.Layer]) -> Any:
    """Serialize a model as Keras does; where it cannot, layer by layer."""
    with warnings.catch_warnings():
        # Keras warns of a lambda, which nobody is about to load here.
        warnings.simplefilter("ignore")
        whole = [_written(model)]
        if _is_keras(type(model)) and whole != [None]:
            return whole
        # A class of its own does not say what it holds.
        own = [[type(layer).__name__, _written(layer)] for layer in layers if layer is not model]
        return [type(model).__name__, *whole, own]


def _written(layer: keras.Layer) -> Any:
    try:
        serialized = keras.saving.serialize_keras_object(layer)
        # Anything else is named by its kind: its text may hold an address.
        return json.loads(json.dumps(serialized, default=lambda other: type(other).__qualname__))
    except Exception:  # a user's layers raise what they like
        return None


def _weights(model: keras.Model) -> list[Any]:
    trained = {id(variable) for variable in model.trainable_variables}
    return [[list(v.shape), str(v.dtype), id(v) in trained] for v in model.weights]


def _own_code(model: keras.Model, layers: list[keras.Layer]) -> Iterator[Any]:
    """A user's classes and functions that a model is made of."""
    trained_by = [model.optimizer, *losses.each_loss(model.loss)] if model.compiled else []
    for part in (*layers, *trained_by):
        for held in (part, *getattr(part, "__dict__", {}).values()):
            code = held if inspect.isfunction(held) else type(held)
            root = code.__module__.partition(".")[0]
            if root not in _LIBRARIES and root not in sys.stdlib_module_names:
                yield code


def _source(part: Any) -> str:
    try:
        return inspect.getsource(part)
    except (OSError, TypeError):
        return getattr(part, "__qualname__", "")
