"""Style of every figure: colours, plain axes, tiled samples, files with reproducible bytes.

Only the object-oriented interface of matplotlib is used: no window, no state between figures.
"""

import math
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np

from ulk_tf.evaluation.plotting import Axes, Figure, FigureCanvasAgg, matplotlib
from ulk_tf.files import Array, atomic_path

INK, MUTED, LINE, PAPER = "#1d2733", "#66717d", "#dfe4e9", "#ffffff"
# Blue and vermilion of Okabe and Ito: told apart with every kind of colour blindness.
ACCENT, SECOND, QUIET = "#0072b2", "#d55e00", "#9aa5b1"
DPI = 100
# Pixels around the axes of a chart.
AIR = 16
# Settings that a figure would otherwise take from the user's own matplotlib configuration.
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.usetex": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.8,
    "axes.facecolor": PAPER,
    "axes.titlesize": 11,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "savefig.bbox": None,
}


@contextmanager
def drawing(path: Path, width: float, height: float) -> Iterator[Figure]:
    """Yield an empty figure; when the block ends it is written as PNG, whole or not at all.

    Args:
        path: of the PNG; its folder is made.
        width: in pixels.
        height: in pixels.
    """
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        # A class name in a script that the font lacks is shown as boxes; that is no one's error.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
        figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
        FigureCanvasAgg(figure)
        yield figure
        with atomic_path(path) as temporary:
            # No date and no version in the file: equal pictures, equal bytes.
            figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": None})


def text(value: str, width: int = 0) -> str:
    """Text as matplotlib shall show it: no formulas, wrapped where `width` (characters) is given.

    A `$` in somebody's class name would otherwise start a formula, or fail to be one.
    """
    wrapped = textwrap.fill(value, max(width, 8)) if width else value
    return wrapped.replace("$", r"\$")


def short(name: str, longest: int = 22) -> str:
    """A name that fits beside an axis: of at most `longest` characters."""
    kept = name if len(name) <= longest else name[: longest - 1] + "…"
    return text(kept)


def lay_out(figure: Figure) -> None:
    """Let axes find their places by themselves, with air around them."""
    wide, high = figure.get_size_inches() * DPI
    left, low = AIR / wide, AIR / high
    box = (left, low, 1 - 2 * left, 1 - 2 * low)
    figure.set_layout_engine("constrained", rect=box, w_pad=0.06, h_pad=0.08)


def plain(axes: Axes, grid: Literal["x", "y"] = "y") -> None:
    """Leave of the axes what is read: two spines, and a faint grid along `grid`."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0, labelsize=9)
    axes.grid(axis=grid, color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)


def place(figure: Figure, image: Array, left: float, top: float) -> None:
    """Put an image [height, width, 3] into the figure, one pixel for one, `left` and `top` of it.

    Interpolation would blur what a reader looks at for traces of a sample.
    """
    wide, high = (side * DPI for side in figure.get_size_inches())
    height, width = image.shape[:2]
    box = (left / wide, 1 - (top + height) / high, width / wide, height / high)
    axes = figure.add_axes(box)
    # Matplotlib would round colours down.
    colours = np.round(image * 255).astype(np.uint8)
    axes.imshow(colours, interpolation="nearest", aspect="auto")
    axes.set_axis_off()


def columns_of(count: int) -> int:
    """Columns for `count` tiles: nearly square, with as few empty places as can be."""
    root = math.ceil(math.sqrt(count))
    return min(range(root, max(root, round(1.6 * root)) + 1), key=lambda c: (-count % c, c))


def tiled(samples: Array, columns: int, largest: float) -> Array:
    """Images in rows of `columns` with white between them.

    Args:
        samples: [n, height, width, 1 or 3] in [0, 1]; what lies outside is clipped.
        columns: in a row.
        largest: side of a tile in pixels; an image is enlarged by a whole number to come near
            it, and averaged down where it is larger.

    Returns:
        [pixels, pixels, 3] in [0, 1]; black is 0 and white is 1.
    """
    images = np.nan_to_num(np.clip(np.asarray(samples, np.float32), 0, 1))
    factor = largest / max(images.shape[1:3])
    images = _scaled(_scaled(images, 1, factor), 2, factor)
    n, height, width, _ = images.shape
    gap = max(2, round(min(height, width) / 14))
    rows = math.ceil(n / columns)
    shape = (rows * (height + gap) - gap, columns * (width + gap) - gap, 3)
    canvas = np.ones(shape, np.float32)
    for number, image in enumerate(images):
        top, left = (number // columns) * (height + gap), (number % columns) * (width + gap)
        canvas[top : top + height, left : left + width] = image
    return canvas


def strips(vectors: Array, width: int, height: int) -> Array:
    """Vectors as heat strips below one another: a strip is a vector, left to right its features.

    Args:
        vectors: [n, features] in [0, 1]; what lies outside is clipped.
        width: of a strip, in pixels, nearly.
        height: of a strip, in pixels.
    """
    values = np.nan_to_num(np.clip(np.asarray(vectors, np.float32), 0, 1))
    values = _scaled(values, 1, width / values.shape[1])
    gap = 2 if height > 4 else 1
    lines = np.ones((len(values), height + gap, values.shape[1], 3), np.float32)
    lines[:, :height] = heat(values)[:, np.newaxis]
    return lines.reshape(-1, values.shape[1], 3)[:-gap]


def heat(values: Array) -> Array:
    """Colours [..., 3] of values in [0, 1], from dark blue to yellow, even for the colour-blind."""
    return np.asarray(matplotlib.colormaps["cividis"](values), np.float32)[..., :3]


def _scaled(values: Array, axis: int, factor: float) -> Array:
    """Repeat along an axis by a whole number, or take means of neighbours."""
    size = values.shape[axis]
    if factor >= 1:
        return np.repeat(values, round(factor), axis)
    edges = np.unique((np.arange(max(1, int(size * factor))) / factor).astype(int))
    counts = np.diff(np.append(edges, size)).reshape(
        [-1 if a == axis else 1 for a in range(values.ndim)]
    )
    return np.add.reduceat(values, edges, axis) / counts
