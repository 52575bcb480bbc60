"""Two trainings at once: neither keeps all cores busy alone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from threading import Event
from typing import TypeVar

import keras

from ulk_tf.attacks.devices import in_step

First = TypeVar("First")
Second = TypeVar("Second")

_STOP: ContextVar[Event | None] = ContextVar("stop", default=None)


class Stopped(Exception):
    """Raised in a training whose other half failed or was interrupted."""


class StopTogether(keras.callbacks.Callback):
    """Ends a training between two calls of its graph when the one beside it has ended badly."""

    def __init__(self) -> None:
        super().__init__()
        self._stop = _STOP.get()

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        """Raise `Stopped` if it must end."""
        if self._stop is not None and self._stop.is_set():
            raise Stopped


def side_by_side(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """Call two functions at the same time, each of which trains a model of its own.

    Neither may read what the other writes; results are those of one call after the other. Where
    several devices share every step, they are called one after the other.

    Args:
        first: called in this thread.
        second: called in another thread.

    Returns:
        Their results.
    """
    if in_step():
        return first(), second()
    stop = Event()
    token = _STOP.set(stop)
    try:
        with ThreadPoolExecutor(1) as pool:
            beside = pool.submit(copy_context().run, second)
            try:
                return first(), beside.result()
            except BaseException:
                # An interruption must not wait for the other training's end.
                stop.set()
                raise
    finally:
        _STOP.reset(token)
