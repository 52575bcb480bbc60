"""The pictures of an audit, as PNG files."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ulk_tf.files import Array, atomic_path

MAX_TILES = 100
INK, QUIET = "#1f4e79", "#b8c4d0"


def bars(path: Path, names: list[str], values: Array, what: str) -> None:
    """One bar for each class, the tallest one marked.

    Args:
        path: of the PNG.
        names: of the classes.
        values: [classes], 0 to 1.
        what: the axis' label.
    """
    figure = Figure(figsize=(max(4.0, 0.45 * len(names)), 2.6))
    axes = figure.subplots()
    colours = [INK if i == int(np.argmax(values)) else QUIET for i in range(len(names))]
    axes.bar(range(len(names)), values, color=colours)
    axes.set_xticks(range(len(names)), names, rotation=0 if max(map(len, names)) < 4 else 60)
    axes.set_ylabel(what)
    axes.set_ylim(0, None)
    axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def tiles(path: Path, samples: Array) -> None:
    """Samples side by side.

    Args:
        path: of the PNG.
        samples: [n, height, width, 1 or 3], or [n, features], in [0, 1]; at most `MAX_TILES`
            are shown.
    """
    shown = samples[:MAX_TILES]
    columns = min(len(shown), 10)
    rows = -(-len(shown) // columns)
    size = 2.2 if len(shown) == 1 else 0.9
    figure = Figure(figsize=(size * columns, size * rows))
    places = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in places:
        axes.set_axis_off()
    for axes, sample in zip(places, shown, strict=False):
        if sample.ndim == 3:
            grey = sample.shape[-1] == 1
            picture = sample[..., 0] if grey else sample
            axes.imshow(np.clip(picture, 0, 1), cmap="gray" if grey else None, vmin=0, vmax=1)
        else:
            axes.plot(sample.reshape(-1), color=INK, linewidth=0.8)
            axes.set_ylim(-0.05, 1.05)
    _save(figure, path)


def moved(path: Path, distance: Array) -> None:
    """How far each probe's posteriors moved, sorted.

    Args:
        path: of the PNG.
        distance: [probes], total variation distances.
    """
    figure = Figure(figsize=(6.0, 2.4))
    axes = figure.subplots()
    axes.bar(range(len(distance)), np.sort(distance)[::-1], color=INK, width=1.0)
    axes.set_xlabel("probes, those that moved most first")
    axes.set_ylabel("total variation")
    axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    with atomic_path(path) as temporary:
        figure.savefig(
            temporary, format="png", dpi=120, bbox_inches="tight", metadata={"Software": ""}
        )
