"""Given classifiers: functions or models from Python, registered under a name for settings.

A function of a notebook cannot be sent to workers. They get the architecture as JSON instead,
which Keras writes for its own layers and for custom layers of modules that can be imported.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import keras

from ulk_tf.classifiers.structure import architecture
from ulk_tf.errors import UserError
from ulk_tf.files import digest
from ulk_tf.reasons import reason

Builder = Callable[[tuple[int, ...], int], keras.Model]
PREFIX = "given:"


@dataclass(frozen=True)
class Given:
    """Classifier given in Python.

    Attributes:
        build: builds it with new weights.
        json: its architecture; None if other processes cannot build it.
    """

    build: Builder
    json: str | None


_GIVEN: dict[str, Given] = {}


def give(target: keras.Model | Builder, shape: tuple[int, ...], classes: int) -> str:
    """Register a classifier, and return its name for settings.

    Args:
        target: a function of (sample shape, classes), or a model whose architecture is used.
        shape: shape of one sample.
        classes: number of classes.
    """
    build = _of_model(target) if isinstance(target, keras.Model) else target
    label = target.name if isinstance(target, keras.Model) else target.__name__
    model = build(shape, classes)
    described = portable(model)
    # Equal architectures get equal names, so that they share corpora.
    tag = architecture(model)[:8] if described else digest(id(target))[:8]
    name = f"{PREFIX}{label.strip('<>')}-{tag}"
    _GIVEN[name] = Given(build, described)
    return name


def given(name: str) -> Given | None:
    """Return the classifier of a name; None if this process has none."""
    return _GIVEN.get(name)


def from_json(text: str) -> keras.Model:
    """Build a classifier with new weights from its architecture."""
    return keras.models.model_from_json(text)


def _of_model(model: keras.Model) -> Builder:
    """A function that makes the model with new weights, compiled as the model is."""

    def build(*_: object) -> keras.Model:
        try:
            return keras.models.clone_model(model)
        except Exception as error:  # Keras finds losses, metrics and classes by name, or not
            try:
                return _compiled_as(model, type(model).from_config(model.get_config()))
            except Exception:
                raise UserError(
                    "a Keras model that can be made anew from its get_config",
                    f"{model.name} ({reason(error)})",
                    "Give a function of (sample shape, classes) that makes it.",
                ) from error

    return build


def _compiled_as(model: keras.Model, fresh: keras.Model) -> keras.Model:
    """Compile a model with the loss of another one, and an optimizer like its."""
    if model.compiled and model.optimizer is not None:
        optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        weights = getattr(model._compile_loss, "_user_loss_weights", None)
        fresh.compile(optimizer, model.loss, loss_weights=weights)
    return fresh


def portable(model: object) -> str | None:
    """Serialise a model's architecture as JSON; None if another process could not build it."""
    if not isinstance(model, keras.Model):
        return None
    try:
        text = str(model.to_json())
        from_json(text)
    except Exception:  # Keras raises many types if a layer has no config
        return None
    return None if "__main__" in _modules(json.loads(text)) else text


def _modules(config: object) -> set[str]:
    """List the modules that a config names; `__main__` marks classes of this process only."""
    if isinstance(config, dict):
        found = {config["module"]} if isinstance(config.get("module"), str) else set()
        registered = config.get("registered_name")
        if config.get("module") is None and isinstance(registered, str) and ">" in registered:
            # A registered class needs an import of the module that registers it, whose name the
            # config does not contain.
            found.add("__main__")
        return found.union(*map(_modules, config.values()))
    if isinstance(config, list):
        return set().union(*map(_modules, config))
    return set()
