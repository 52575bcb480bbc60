"""Keras' and TensorFlow's global settings: a user's module has its own, the process keeps its.

A user's module may set a precision, an image format or a seed for the whole process while it is
imported. Its classifier is made under these settings; everything else is as if they were not.
"""

import contextlib
import importlib
import random
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.common import global_state
from tensorflow.python.eager import context
from tensorflow.python.framework import config as tf_config

from ulk_tf.python_state import kept_python

# How a setting is read, and how it is set.
Access = tuple[Callable[[], Any], Callable[[Any], object]]
Settings = Mapping[str, Any]


def _attribute(name: str) -> Access:
    """A setting that Keras keeps by name; None where it was never set."""
    return (
        lambda: global_state.get_global_attribute(name),
        lambda value: global_state.set_global_attribute(name, value),
    )


def _generator() -> tuple[Any, Any]:
    generator = global_state.get_global_attribute("global_seed_generator")
    return generator, None if generator is None else np.asarray(generator.state)


def _set_generator(kept: tuple[Any, Any]) -> None:
    generator, state = kept
    global_state.set_global_attribute("global_seed_generator", generator)
    if generator is not None:
        generator.state.assign(state)


def _set_determinism(on: bool) -> None:
    (tf_config.enable_op_determinism if on else tf_config.disable_op_determinism)()


def _set_options(options: dict[str, Any]) -> None:
    # None gives an option back to TensorFlow's default; what is left out would stay.
    current = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options(dict.fromkeys(current) | options)


# Settings that a model is made with, and that its layers and losses look up later.
_OF_MODELS: dict[str, Access] = {
    "floatx": (keras.config.floatx, keras.config.set_floatx),
    "epsilon": (keras.config.epsilon, keras.config.set_epsilon),
    "image_data_format": (keras.config.image_data_format, keras.config.set_image_data_format),
    "dtype_policy": _attribute("dtype_policy"),
    "flash_attention": _attribute("flash_attention"),
}
_OF_THE_PROCESS: dict[str, Access] = {
    "traceback_filtering": _attribute("traceback_filtering"),
    "interactive_logging": _attribute("interactive_logging"),
    "safe_mode_saving": _attribute("safe_mode_saving"),
    "distribution": _attribute("distribution"),
    "max_epochs": (keras.config.max_epochs, keras.config.set_max_epochs),
    "max_steps": (keras.config.max_steps_per_epoch, keras.config.set_max_steps_per_epoch),
    "run_eagerly": (tf.config.functions_run_eagerly, tf.config.run_functions_eagerly),
    "soft_placement": (tf.config.get_soft_device_placement, tf.config.set_soft_device_placement),
    "tensor_float_32": (
        tf.config.experimental.tensor_float_32_execution_enabled,
        tf.config.experimental.enable_tensor_float_32_execution,
    ),
    "determinism": (tf_config.is_op_determinism_enabled, _set_determinism),
    "jit": (tf.config.optimizer.get_jit, tf.config.optimizer.set_jit),
    "optimizer_options": (tf.config.optimizer.get_experimental_options, _set_options),
}
_SETTINGS = _OF_MODELS | _OF_THE_PROCESS
# Seeds decide a base model's first weights and are the process' own, also in a user's function.
_SEEDS: dict[str, Access] = {
    "keras": _attribute("global_random_seed"),
    "tensorflow": (context.global_seed, context.set_global_seed),
}
_GENERATORS: dict[str, Access] = {
    "keras": (_generator, _set_generator),
    "numpy": (np.random.get_state, np.random.set_state),
    "python": (random.getstate, random.setstate),
}
_of_modules: dict[str, Settings] = {}
_of_models: weakref.WeakKeyDictionary[keras.Model, Settings] = weakref.WeakKeyDictionary()


def import_module(name: str) -> ModuleType:
    """Import a user's module under settings of its own, and leave the process' as they were.

    Args:
        name: name of the module.
    """
    if name in sys.modules:
        return sys.modules[name]
    with kept(seeds=True):
        # A precision that was looked up before is remembered as if it had been set.
        if _is_default("dtype_policy", global_state.get_global_attribute("dtype_policy")):
            global_state.set_global_attribute("dtype_policy", None)
        module = importlib.import_module(name)
        _of_modules[name] = _read(_SETTINGS)
    return module


@contextlib.contextmanager
def of_module(name: str) -> Iterator[None]:
    """Apply the settings of a user's module; the process' come back at the end.

    Args:
        name: name of the module; one that `import_module` did not import has the process' settings.
    """
    with kept(seeds=False):
        _write(_SETTINGS, _of_modules.get(name, {}))
        before = _read(_SETTINGS)
        yield
        # What a call sets holds for the next one, as it would in the user's own process.
        after = _read(_SETTINGS)
        changed = {key: value for key, value in after.items() if value != before[key]}
        _of_modules[name] = {**_of_modules.get(name, {}), **changed}


def remember(model: keras.Model, name: str) -> None:
    """Note that a model was made by a user's module.

    Args:
        model: the model.
        name: name of the module.
    """
    settings = {key: value for key, value in _of_modules.get(name, {}).items() if key in _OF_MODELS}
    if not all(_is_default(*setting) for setting in settings.items()):
        _of_models[model] = settings


def of(model: keras.Model) -> Settings | None:
    """The settings that a model was made with, or None where they are the process' own."""
    return _of_models.get(model)


@contextlib.contextmanager
def as_made(model: keras.Model) -> Iterator[None]:
    """Apply the settings that a model was made with while it is called or traced.

    Args:
        model: the model.
    """
    settings = of(model)
    if settings is None:
        yield
        return
    before = _read(_OF_MODELS)
    _write(_OF_MODELS, settings)
    try:
        yield
    finally:
        _write(_OF_MODELS, before)


@contextlib.contextmanager
def kept(seeds: bool) -> Iterator[None]:
    """Restore all settings at the end; generators too, if `seeds` or if one was seeded within."""
    before, seed, drawn = _read(_SETTINGS), _read(_SEEDS), _read(_GENERATORS)
    threading = tf.config.threading
    threads = {name: getattr(threading, name) for name in dir(threading) if name.startswith("set_")}
    # Threads are the process' own; once it computes, setting them would be an error.
    for name in threads:
        setattr(threading, name, lambda _: None)
    try:
        with kept_python():
            yield
    finally:
        for name, function in threads.items():
            setattr(threading, name, function)
        _write(_SETTINGS, before)
        if seeds or _read(_SEEDS) != seed:
            _write(_SEEDS, seed)
            _write(_GENERATORS, drawn)


@contextlib.contextmanager
def own_names() -> Iterator[None]:
    """Count the names of layers anew meanwhile; those that are made later are named as without."""
    counted = global_state.get_global_attribute("object_name_uids")
    global_state.set_global_attribute("object_name_uids", None)
    try:
        yield
    finally:
        global_state.set_global_attribute("object_name_uids", counted)


def _read(accesses: Mapping[str, Access]) -> dict[str, Any]:
    return {name: read() for name, (read, _) in accesses.items()}


def _write(accesses: Mapping[str, Access], values: Settings) -> None:
    for name, value in values.items():
        read, write = accesses[name]
        # Setting what is set already would empty TensorFlow's caches, or seed anew.
        if accesses is _GENERATORS or read() != value:
            write(value)


def _is_default(name: str, value: Any) -> bool:
    if name == "dtype_policy":
        return value is None or value.name == keras.config.floatx()
    return _OF_MODELS[name][0]() == value
