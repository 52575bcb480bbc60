"""A worker process: one TensorFlow thread, quiet, gone when its parent is gone.

The parent sends its data sets over an inherited socket, then job after job; each is answered by a
`Done` or a `Failed`. This module imports nothing heavy, so that TensorFlow can be imported with
its chatter turned off.
"""

import contextlib
import ctypes
import os
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from ulk_tf.errors import UserError
from ulk_tf.quiet import silenced

# From malloc.h: mmap only beyond 32 MiB, never trim, grow by 64 MiB, one arena for all threads.
_MALLOPT = {-3: 2**25, -1: 2**31 - 1, -2: 2**26, -8: 1}


@dataclass(frozen=True)
class Done:
    """The result of a job."""

    result: Any


@dataclass(frozen=True)
class Failed:
    """A job that raised, and would raise again.

    Attributes:
        error: the user's mistake, or None for any other exception.
        trace: the traceback as text.
    """

    error: UserError | None
    trace: str


def serve(connection: Connection) -> None:
    """Answer jobs until the other end closes.

    Args:
        connection: to the parent, which sends the data sets first.
    """
    with contextlib.suppress(EOFError, ConnectionError), connection:
        datasets = connection.recv()
        while True:
            connection.send(answer(connection.recv(), datasets))


def answer(job: Any, datasets: Any) -> Done | Failed:
    """Run a job; whatever it raises is an answer, for another worker would fare no better."""
    try:
        return Done(job.run(datasets))
    except UserError as error:
        return Failed(error, "")
    except Exception:  # the parent raises it again
        return Failed(None, traceback.format_exc())


def outcome(answered: Done | Failed) -> Any:
    """The result of a job, in the parent.

    Raises:
        UserError: the job found a mistake of the user's.
        RuntimeError: it raised anything else.
    """
    if isinstance(answered, Done):
        return answered.result
    raise answered.error or RuntimeError(f"a worker failed:\n{answered.trace}")


def prepare() -> None:
    """Set a fresh process up for small kernels: one thread, memory kept, GPU memory by need."""
    keep_memory()
    with silenced():
        import tensorflow as tf  # noqa: PLC0415 - with its chatter turned off

        # One thread is faster here, and gives the same bytes on machines with more cores.
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
        tf.zeros(1)
    tf.get_logger().setLevel("ERROR")


def keep_memory() -> None:
    """Let the C library keep freed memory: a page handed back costs more than its use.

    Each update allocates and frees the same few megabytes some hundred times.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return  # not the GNU C library
    for option, value in _MALLOPT.items():
        mallopt(option, value)


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def main() -> None:
    """Serve on the inherited socket, whose file descriptor is the only argument."""
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    prepare()
    serve(Connection(int(sys.argv[1])))
