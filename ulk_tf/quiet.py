"""TensorFlow without its chatter: it logs drivers and instruction sets before any log level."""

import contextlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import IO

# Waits for a line from this process; where none comes, this process has died with its reason
# unsaid. A signal handler of Python's would not run: C++ code ends the process by itself.
WATCHER = 'read -r line || { cat "$0" >&2; rm -f "$0"; }'


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
    """Hold back what is written to standard error, by C++ code too.

    It is dropped where all goes well, and shown where an exception ends the block or the whole
    process dies in it.
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
    """Let another process show a file on `error` if this one dies within the block."""
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
    # The file is read through a handle of its own: the other one is where C++ code writes.
    os.write(2, held.read())
