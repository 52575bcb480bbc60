"""Global settings of Python and NumPy, which somebody else's code may change for the process."""

import contextlib
import locale
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np


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
