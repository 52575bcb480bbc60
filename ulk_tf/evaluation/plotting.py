"""matplotlib, imported without the user's backend: every other file imports it from here."""

from ulk_tf.errors import UserError
from ulk_tf.python_state import without_backend

with without_backend():
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

__all__ = ["Axes", "Figure", "FigureCanvasAgg", "MaxNLocator", "matplotlib"]
