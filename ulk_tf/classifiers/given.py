"""Classifiers given in Python: a function or a model, under a name that settings can hold.

Workers cannot be sent a function of a notebook. They get the architecture as JSON, which Keras
writes of any model of its own layers, and of custom layers of modules that can be imported.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import keras

from ulk_tf.classifiers.structure import architecture
from ulk_tf.files import digest

Builder = Callable[[tuple[int, ...], int], keras.Model]
PREFIX = "given:"


@dataclass(frozen=True)
class Given:
    """A classifier that was given in Python.

    Attributes:
        build: makes it anew, with fresh weights.
        json: its architecture; None where it cannot travel to other processes.
    """

    build: Builder
    json: str | None


_GIVEN: dict[str, Given] = {}


def give(target: keras.Model | Builder, shape: tuple[int, ...], classes: int) -> str:
    """Enter a classifier, and return the name by which settings hold it.

    Args:
        target: a function of (sample shape, classes), or a model whose architecture is taken.
        shape: of one sample.
        classes: how many.
    """
    build = _of_model(target) if isinstance(target, keras.Model) else target
    label = target.name if isinstance(target, keras.Model) else target.__name__
    model = build(shape, classes)
    described = _portable(model)
    # Equal architectures get equal names, and find each other's corpora.
    tag = architecture(model)[:8] if described else digest(id(target))[:8]
    name = f"{PREFIX}{label.strip('<>')}-{tag}"
    _GIVEN[name] = Given(build, described)
    return name


def given(name: str) -> Given | None:
    """The classifier of a name; None where there is none in this process."""
    return _GIVEN.get(name)


def from_json(text: str) -> keras.Model:
    """A classifier with fresh weights from its architecture."""
    return keras.models.model_from_json(text)


def _of_model(model: keras.Model) -> Builder:
    def build(*_: object) -> keras.Model:
        return keras.models.clone_model(model)

    return build


def _portable(model: object) -> str | None:
    """The architecture of a model as JSON that another process can read; None where it cannot."""
    if not isinstance(model, keras.Model):
        return None
    try:
        text = str(model.to_json())
        from_json(text)
    except Exception:  # Keras raises what it likes where a layer has no config
        return None
    return None if "__main__" in _modules(json.loads(text)) else text


def _modules(config: object) -> set[str]:
    """Every module that a config names; classes of `__main__` are in this process only."""
    if isinstance(config, dict):
        found = {config["module"]} if isinstance(config.get("module"), str) else set()
        registered = config.get("registered_name")
        if config.get("module") is None and isinstance(registered, str) and ">" in registered:
            # A registered class is found by importing the module that registers it, which
            # nobody knows.
            found.add("__main__")
        return found.union(*map(_modules, config.values()))
    if isinstance(config, list):
        return set().union(*map(_modules, config))
    return set()
