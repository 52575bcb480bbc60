"""matplotlib, imported without the user's backend: every other file imports it from here.

The import itself fails on a backend that is not installed, such as the one that a notebook names
in MPLBACKEND for all processes that it starts. Pictures are files and need no backend.
"""

import contextlib
import os
from collections.abc import Iterator

from ulk_tf.errors import UserError

VARIABLE = "MPLBACKEND"


@contextlib.contextmanager
def _unset(variable: str) -> Iterator[str | None]:
    value = os.environ.pop(variable, None)
    try:
        yield value
    finally:
        if value is not None:
            os.environ[variable] = value


with _unset(VARIABLE) as _backend:
    try:
        import matplotlib
        from matplotlib.axes import Axes
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator
    except Exception as error:  # a broken installation, or settings that cannot be read
        raise UserError(
            "matplotlib, which draws the pictures of reports",
            f"{type(error).__name__}: {error}",
            "Install it again: pip install --force-reinstall matplotlib",
        ) from error

if _backend:
    with contextlib.suppress(ValueError):  # what the user draws is the user's affair
        matplotlib.rcParams["backend"] = _backend

__all__ = ["Axes", "Figure", "FigureCanvasAgg", "MaxNLocator", "matplotlib"]
