"""The pictures of an audit, as PNG files."""

from pathlib import Path

import numpy as np

from ulk_tf.evaluation.drawing import (
    ACCENT,
    QUIET,
    columns_of,
    drawing,
    lay_out,
    place,
    plain,
    short,
    strips,
    text,
    tiled,
)
from ulk_tf.files import Array

MAX_TILES = 100
MAX_BARS = 30
# Pixels.
WIDTH, BAR, MARGIN, LARGEST_TILE, STRIP = 560, 24, 12, 160, 12


def bars(path: Path, names: list[str], values: Array, what: str) -> None:
    """One bar for each class, the longest one marked; of many classes only the likeliest.

    Args:
        path: of the PNG.
        names: of the classes.
        values: [classes], 0 to 1.
        what: the axis' label.
    """
    shown = list(range(len(names)))
    if len(names) > MAX_BARS:
        shown = [int(i) for i in np.argsort(-values, kind="stable")[:MAX_BARS]]
        what = f"{what}; the first {MAX_BARS} of {len(names)} classes"
    first = int(np.argmax(values))
    with drawing(path, WIDTH, 90 + BAR * len(shown)) as figure:
        lay_out(figure)
        axes = figure.add_subplot()
        colours = [ACCENT if i == first else QUIET for i in shown]
        axes.barh(range(len(shown)), [values[i] for i in shown], color=colours)
        axes.set_yticks(range(len(shown)), [short(names[i]) for i in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(0, None)
        axes.set_xlabel(text(what))
        plain(axes, "x")


def tiles(path: Path, samples: Array) -> None:
    """Samples side by side; vectors as heat strips below one another.

    Args:
        path: of the PNG.
        samples: [n, height, width, 1 or 3], or [n, features], in [0, 1]; at most `MAX_TILES`
            are shown.
    """
    shown = samples[:MAX_TILES]
    wide = WIDTH - 2 * MARGIN
    if shown.ndim == 4:
        columns = columns_of(len(shown))
        image = tiled(shown, columns, min(LARGEST_TILE, wide / columns))
    else:
        image = strips(shown.reshape(len(shown), -1), wide, 2 * STRIP if len(shown) == 1 else STRIP)
    height, width = image.shape[:2]
    with drawing(path, width + 2 * MARGIN, height + 2 * MARGIN) as figure:
        place(figure, image, MARGIN, MARGIN)


def moved(path: Path, distance: Array) -> None:
    """Draw how far each probe's posteriors moved, sorted.

    Args:
        path: of the PNG.
        distance: [probes], total variation distances.
    """
    with drawing(path, WIDTH, 260) as figure:
        lay_out(figure)
        axes = figure.add_subplot()
        axes.bar(range(len(distance)), np.sort(distance)[::-1], color=ACCENT, width=1.0)
        axes.set_xlabel("probes, those that moved most first")
        axes.set_ylabel("total variation distance")
        plain(axes)
