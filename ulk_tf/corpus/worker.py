"""Worker process: one TensorFlow thread, no log output, exits when its parent exits.

The parent sends the data sets over an inherited socket, then job after job; the worker replies to
each with a `Done` or a `Failed`. This module does not import TensorFlow at the top, so that its
messages on import can be suppressed.
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
from ulk_tf.python_state import without_backend
from ulk_tf.quiet import silenced

# Options of malloc.h: mmap only beyond 32 MiB, never trim, grow by 64 MiB, one arena for all.
_MALLOPT = {-3: 2**25, -1: 2**31 - 1, -2: 2**26, -8: 1}

# Environment of a worker, read by NumPy's BLAS, by OpenMP (PyTorch, scikit-learn) and by MKL when
# they are imported: one thread, as TensorFlow has, so that results do not depend on the cores.
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR")
}


@dataclass(frozen=True)
class Done:
    """Reply with the result of a job.

    Attributes:
        result: the return value of the job.
    """

    result: Any


@dataclass(frozen=True)
class Failed:
    """Reply of a job that raised an exception.

    Attributes:
        error: the `UserError`, or None for any other exception.
        trace: the traceback of any other exception, as text.
    """

    error: UserError | None
    trace: str


def serve(connection: Connection) -> None:
    """Receive jobs, and send replies, until the parent closes the connection.

    Args:
        connection: connection to the parent, which sends the data sets first.
    """
    with contextlib.suppress(EOFError, ConnectionError), connection:
        datasets = connection.recv()
        while True:
            connection.send(answer(connection.recv(), datasets))


def answer(job: Any, datasets: Any) -> Done | Failed:
    """Run a job; an exception becomes a `Failed`, since another worker would raise it too."""
    try:
        return Done(job.run(datasets))
    except UserError as error:
        return Failed(error, "")
    except Exception:  # the parent raises it again
        return Failed(None, traceback.format_exc())


def outcome(answered: Done | Failed) -> Any:
    """Return the result of a job from its reply, in the parent.

    Raises:
        UserError: the job raised it.
        RuntimeError: the job raised another exception.
    """
    if isinstance(answered, Done):
        return answered.result
    raise answered.error or RuntimeError(f"a worker failed:\n{answered.trace}")


def prepare() -> None:
    """Set up a new process for small kernels: one thread, memory kept, GPU memory on demand."""
    keep_memory()
    with silenced(), without_backend():
        import tensorflow as tf  # noqa: PLC0415 - with its messages suppressed

        # One thread is faster for small kernels, and its results do not depend on the cores.
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
        tf.zeros(1)
    tf.get_logger().setLevel("ERROR")


def keep_memory() -> None:
    """Make the C library keep freed memory instead of returning it to the system.

    Each update allocates and frees the same few megabytes some hundred times, and getting pages
    from the system takes longer than the arithmetic on them.
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
    """Serve jobs on the inherited socket, whose file descriptor is the only argument."""
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    prepare()
    serve(Connection(int(sys.argv[1])))
