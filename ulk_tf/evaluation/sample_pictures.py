"""Pictures of samples: what was there beside what was reconstructed.

Images are shown as they are, black 0 and white 1, one pixel enlarged by a whole number; vectors
are heat strips.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.evaluation.drawing import (
    MUTED,
    columns_of,
    drawing,
    heat,
    place,
    strips,
    text,
    tiled,
)
from ulk_tf.evaluation.plotting import Figure
from ulk_tf.files import Array

# Pixels.
MARGIN, GUTTER, LINE_HEIGHT = 24, 40, 26
PANEL, NARROWEST_PANEL, LARGEST_TILE, ROW_TILE = 560, 260, 160, 84


def matched_sets(path: Path, true: Array, reconstructed: Array, title: str) -> None:
    """All samples of an updating set, and at the same places their matches (paper: Figure 1).

    Args:
        path: of the PNG.
        true: [set size, height, width, channels] or [set size, features], in [0, 1].
        reconstructed: the same shape, in matched order.
        title: above both.
    """
    sides = {"Updating set": true, "Reconstruction": reconstructed}
    if true.ndim == 2:
        _beside(path, _strip_panels(sides), title, scale=True)
        return
    columns = columns_of(len(true))
    tile = min(LARGEST_TILE, PANEL / columns)
    panels = {name: tiled(samples, columns, tile) for name, samples in sides.items()}
    _beside(path, panels, title)


def reconstructions(path: Path, rows: Mapping[str, Array], title: str) -> None:
    """The same few updates, once for each name: original, attack, autoencoder, class mean.

    Images are in rows, a column is an update. Vectors are in panels, a line is an update.

    Args:
        path: of the PNG.
        rows: samples [n, height, width, channels] or [n, features] in [0, 1] by name.
        title: above all.
    """
    first = next(iter(rows.values()))
    if first.ndim == 2:
        _beside(path, _strip_panels(rows), title, scale=True)
        return
    lines = {name: tiled(samples, len(samples), ROW_TILE) for name, samples in rows.items()}
    height, width = next(iter(lines.values())).shape[:2]
    names = {name: text(name, 18) for name in rows}
    left = MARGIN + 16 + 8 * max(len(line) for name in names.values() for line in name.split("\n"))
    wide = max(left + width + MARGIN, 420)
    wrapped = text(title, int((wide - 2 * MARGIN) / 9))
    top = MARGIN + LINE_HEIGHT * (wrapped.count("\n") + 1)
    step = height + 8
    with drawing(path, wide, top + step * len(lines) - 8 + MARGIN) as figure:
        _write(figure, MARGIN, MARGIN, wrapped, size=13)
        for number, (name, line) in enumerate(lines.items()):
            place(figure, line, left, top + number * step)
            middle = top + number * step + height / 2
            colour = {} if number else {"weight": "bold"}
            _write(figure, left - 14, middle, names[name], ha="right", va="center", **colour)


def _strip_panels(sides: Mapping[str, Array]) -> dict[str, Array]:
    """Vectors of each name as a panel of heat strips, all of one height."""
    first = next(iter(sides.values()))
    height = max(4, min(22, 640 // len(first)))
    width = PANEL if len(sides) <= 2 else NARROWEST_PANEL
    return {name: strips(vectors, width, height) for name, vectors in sides.items()}


def _beside(path: Path, panels: Mapping[str, Array], title: str, scale: bool = False) -> None:
    """Panels side by side under their names, with the scale of heat strips where asked for."""
    slot = max(NARROWEST_PANEL, *(panel.shape[1] for panel in panels.values()))
    height = max(panel.shape[0] for panel in panels.values())
    wide = 2 * MARGIN + len(panels) * (slot + GUTTER) - GUTTER
    wrapped = text(title, int((wide - 2 * MARGIN) / 9))
    names = MARGIN + LINE_HEIGHT * (wrapped.count("\n") + 1)
    top = names + LINE_HEIGHT
    foot = LINE_HEIGHT + 6 if scale else 0
    with drawing(path, wide, top + height + foot + MARGIN) as figure:
        _write(figure, MARGIN, MARGIN, wrapped, size=13)
        for number, (name, panel) in enumerate(panels.items()):
            left = MARGIN + number * (slot + GUTTER)
            _write(figure, left, names, text(name), color=MUTED)
            place(figure, panel, left, top)
        if scale:
            _scale(figure, top + height + 16)


def _scale(figure: Figure, top: float) -> None:
    """Draw the scale of the heat strips' colours."""
    ramp = np.broadcast_to(heat(np.linspace(0, 1, 120)), (12, 120, 3))
    place(figure, ramp, MARGIN + 14, top)
    _write(figure, MARGIN, top + 6, "0", va="center", size=9)
    _write(figure, MARGIN + 140, top + 6, "1", va="center", size=9)


def _write(figure: Figure, left: float, top: float, words: str, **style: Any) -> None:
    wide, high = figure.get_size_inches() * figure.dpi
    figure.text(left / wide, 1 - top / high, words, **{"va": "top", "size": 11, **style})
