"""Quiet import of TensorFlow: its messages on drivers and processors ignore the log level."""

import contextlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import IO

from ulk_tf.python_state import without_backend

# Shell program that waits for a line from this process. If none comes, this process died inside
# the block, and the program prints the held messages. A signal handler in Python would not run,
# since C++ code aborts the process.
WATCHER = 'read -r line || { cat "$0" >&2; rm -f "$0"; }'


def import_tensorflow() -> None:
    """Import TensorFlow and list GPUs, so that later imports print nothing.

    Errors are raised as exceptions; log messages below the level of an error are dropped.
    """
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if "tensorflow" in sys.modules:
        return
    with silenced(), without_backend():
        import tensorflow as tf  # noqa: PLC0415 - takes seconds, and its messages are suppressed

        tf.config.list_physical_devices()


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Capture standard error within the block, including output of C++ code.

    The output is dropped if the block succeeds, and printed if it raises or the process dies.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with tempfile.NamedTemporaryFile() as held, _watched(held.name, kept):
            os.dup2(held.fileno(), 2)
            try:
                yield
            except BaseException:
                os.dup2(kept, 2)
                _show(held)
                raise
            finally:
                os.dup2(kept, 2)
    finally:
        os.close(kept)


@contextlib.contextmanager
def _watched(path: str, error: int) -> Iterator[None]:
    """Start a process that prints a file to `error` if this process dies within the block."""
    shell = shutil.which("sh")
    if shell is None:
        yield
        return
    command = [shell, "-c", WATCHER, path]
    with subprocess.Popen(  # noqa: S603 - a constant command
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=error
    ) as watcher:
        try:
            yield
        finally:
            with contextlib.suppress(BrokenPipeError):
                watcher.communicate(b"done\n")


def _show(held: "IO[bytes]") -> None:
    held.seek(0)
    # The caller has restored descriptor 2, so this reaches the real standard error.
    os.write(2, held.read())
