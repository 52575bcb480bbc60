"""Locks of folders, and clear errors for full disks and read-only folders."""

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ulk_tf.errors import UserError
from ulk_tf.progress import say

# Errors of network file systems that do not support locks.
NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS})


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Convert an `OSError` while files are written to `folder` into a `UserError`."""
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
    """Lock `folder` against other processes, and remove temporary files of killed ones.

    The operating system releases the lock when the process ends, even if it is killed.

    Args:
        folder: created if it is missing.
        wait: wait while another process holds the lock, instead of raising.

    Raises:
        UserError: another process holds the lock, or the folder cannot be written to.
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
