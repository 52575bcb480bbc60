"""TensorFlow without its chatter: it logs drivers and instruction sets before any log level."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path


def import_tensorflow() -> None:
    """Import TensorFlow and look for GPUs, so that the import that follows says nothing.

    Errors still come as exceptions; what the Python side would log below them is dropped.
    """
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if "tensorflow" in sys.modules:
        return
    with silenced():
        import tensorflow as tf  # noqa: PLC0415 - it takes seconds, and its chatter goes nowhere

        tf.config.list_physical_devices()


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Drop what is written to standard error, by C++ code too."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
