"""Writing where disks fill up, folders are read-only and processes are killed."""

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ulk_tf.errors import UserError
from ulk_tf.progress import say

# Errors of network file systems that take no locks.
NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS})


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the system refuses while files are written to `folder` into a `UserError`."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"room and permission to write to {folder}",
            error.strerror or str(error),
            "Make room or choose another --runs_dir, then run again: what is finished is kept.",
        ) from error


@contextmanager
def locked(folder: Path, wait: bool = False) -> Iterator[None]:
    """Hold `folder` against other builds, and sweep what a killed one left half-written.

    The lock ends with the process, however that ends.

    Args:
        folder: made when missing.
        wait: wait for another process, as it will not hold the folder long.

    Raises:
        UserError: another process holds it, or it cannot be written to.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "LOCK").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise UserError(
                f"to be the only one that builds {folder}",
                "another process at work on it",
                "Wait for it, then run again: what it built is found.",
            ) from None
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            say(
                f"{folder} is on a file system without locks ({error.strerror}): run one command "
                "at a time there, or put --runs_dir on a local disk."
            )
        with disk_errors(folder):
            for leftover in folder.glob(".*.tmp"):
                leftover.unlink(missing_ok=True)
        yield
