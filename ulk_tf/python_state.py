"""Global settings of Python and NumPy, which somebody else's code may change for the process."""

import contextlib
import locale
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

BACKEND = "MPLBACKEND"


@contextlib.contextmanager
def without_backend() -> Iterator[None]:
    """Import matplotlib, or what imports it, without the user's backend, which comes back after it.

    The import itself fails on a backend that is not installed, such as the one that a notebook
    names in MPLBACKEND for all processes that it starts. Pictures are files and need no backend.
    """
    backend, fresh = os.environ.pop(BACKEND, None), "matplotlib" not in sys.modules
    try:
        yield
    finally:
        if backend is not None:
            os.environ[BACKEND] = backend
        if backend and fresh and "matplotlib" in sys.modules:
            with contextlib.suppress(ValueError):  # what the user draws is the user's affair
                sys.modules["matplotlib"].rcParams["backend"] = backend


@contextlib.contextmanager
def kept_python() -> Iterator[None]:
    """Restore NumPy's error state, filters of warnings, the locale and the working folder.

    Example:
        >>> with kept_python():
        ...     _ = np.seterr(all="raise")
        >>> np.geterr()["under"]
        'ignore'
    """
    folder, language = Path.cwd(), locale.setlocale(locale.LC_ALL)
    try:
        with np.errstate(), warnings.catch_warnings():
            yield
    finally:
        locale.setlocale(locale.LC_ALL, language)
        os.chdir(folder)
