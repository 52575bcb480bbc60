"""Coverage without its cost: the insides of slow libraries are not traced line by line.

Nobody asks which of their lines ran, but a tracer sees each of them, and TensorFlow builds graphs a
third longer for it. So it is set aside while they work, and taken up again where they call layers
or optimizers of this package.
"""

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

LIBRARIES = ("keras", "tensorflow", "matplotlib")
# The tracer of each thread while it is set aside.
_aside = threading.local()


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Spare the libraries, in processes that run tests, where lines are counted."""
    if sys.gettrace() is not None and not session.config.pluginmanager.has_plugin("dsession"):
        with_tracer(None, _spare_all)


def with_tracer(tracer: Any, function: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """Call a function with another tracer, or with none."""
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        return function(*given, **named)
    finally:
        sys.settrace(before)


def spare(owner: Any, name: str) -> None:
    """Replace a method of a class, or a function of a module, by one that is not traced.

    It is traced for objects of other classes than the libraries'.
    """
    function = getattr(owner, name)

    @functools.wraps(function)
    def spared(*given: Any, **named: Any) -> Any:
        tracer, aside = sys.gettrace(), getattr(_aside, "tracer", None)
        ours = isinstance(owner, type) and not _is_library(type(given[0]))
        wanted = (tracer or aside) if ours else None
        if wanted is tracer:
            return function(*given, **named)
        _aside.tracer = tracer
        try:
            return with_tracer(wanted, function, *given, **named)
        finally:
            _aside.tracer = aside

    setattr(owner, name, spared)


def _is_library(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in LIBRARIES


def _spare_all() -> None:
    import keras
    import tensorflow as tf
    from matplotlib.figure import Figure
    from tensorflow.python.framework import op_def_library

    spare(keras.layers.Layer, "__call__")
    spare(keras.optimizers.Optimizer, "apply_gradients")
    spare(tf.GradientTape, "gradient")
    spare(tf.saved_model, "load")
    spare(tf.saved_model, "save")
    spare(Figure, "savefig")
    # What adds an operation to a graph; TensorFlow offers no public name for it.
    if hasattr(op_def_library, "_apply_op_helper"):
        spare(op_def_library, "_apply_op_helper")
