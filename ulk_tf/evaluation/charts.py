"""Charts: training curves, confusion matrices, distributions, the attack beside its baselines."""

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from ulk_tf.evaluation.drawing import (
    ACCENT,
    INK,
    LINE,
    MUTED,
    PAPER,
    QUIET,
    SECOND,
    columns_of,
    drawing,
    lay_out,
    plain,
    short,
    text,
)
from ulk_tf.evaluation.intervals import Estimate
from ulk_tf.evaluation.plotting import Axes, MaxNLocator
from ulk_tf.files import Array

# More classes than this leave no room for a number in each cell, or a name beside each.
COUNTED_CLASSES, NAMED_CLASSES = 24, 60


def curves(path: Path, lines: Mapping[str, Sequence[float]], xlabel: str, ylabel: str) -> None:
    """Values by step, a panel for each quantity; `val_<name>` is drawn with `<name>`.

    Args:
        path: of the PNG.
        lines: values from step 1 on, by name.
        xlabel: what a step is.
        ylabel: what the values are.
    """
    names = list(dict.fromkeys(name.removeprefix("val_") for name in lines))
    columns = min(columns_of(max(len(names), 1)), 3)
    rows = max(1, math.ceil(len(names) / columns))
    with drawing(path, max(560, 380 * columns), 32 + 290 * rows) as figure:
        lay_out(figure)
        for number, name in enumerate(names):
            axes = figure.add_subplot(rows, columns, number + 1)
            _curve(axes, name, lines)
            axes.set_xlabel(text(xlabel))
            if number % columns == 0:
                axes.set_ylabel(text(ylabel))
        if not names:
            figure.text(0.5, 0.5, "nothing was recorded", ha="center", color=MUTED)


def _curve(axes: Axes, name: str, lines: Mapping[str, Sequence[float]]) -> None:
    pair = ((name, "training", ACCENT, "-"), (f"val_{name}", "held out", SECOND, "--"))
    drawn = [line for line in pair if line[0] in lines]
    last = max(len(lines[key]) for key, *_ in drawn)
    for key, label, colour, dash in drawn:
        values = np.asarray(lines[key], np.float64)
        steps = np.arange(1, len(values) + 1)
        # One step is a point, and a line through one point cannot be seen.
        mark = "o" if len(values) == 1 else None
        axes.plot(steps, values, dash, color=colour, label=label, linewidth=1.8, marker=mark)
    axes.set_title(text(name.replace("_", " ")), loc="left")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.set_xlim(*((1, last) if last > 1 else (0, 2)))
    if len(drawn) > 1:
        axes.legend(frameon=False, fontsize=9)
    plain(axes)


def confusion(path: Path, matrix: Array, class_names: Sequence[str]) -> None:
    """True labels (rows) against inferred ones (columns), shaded by the share of the true label.

    Args:
        path: of the PNG.
        matrix: int [classes, classes], updates.
        class_names: of both sides.
    """
    classes = len(class_names)
    cell = min(44 if classes > 4 else 64, max(6, 900 // classes))
    side = 200 + cell * classes
    share = matrix / np.maximum(matrix.sum(-1, keepdims=True), 1)
    with drawing(path, side + 80, side) as figure:
        lay_out(figure)
        axes = figure.add_subplot()
        image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
        if classes <= COUNTED_CLASSES:
            _counts(axes, matrix, share)
        if classes <= NAMED_CLASSES:
            names = [short(name) for name in class_names]
            upright = 7 * max(map(len, names)) < cell
            axes.set_xticks(range(classes), names, rotation=0 if upright else 90)
            axes.set_yticks(range(classes), names)
        axes.set_xticks(np.arange(classes + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(classes + 1) - 0.5, minor=True)
        if classes <= NAMED_CLASSES:
            axes.grid(which="minor", color=LINE, linewidth=0.6)
        axes.tick_params(which="both", length=0, labelsize=9)
        axes.spines[:].set_visible(False)
        axes.set(xlabel="inferred label", ylabel="true label")
        shrink = 0.5 if classes > 4 else 0.9
        bar = figure.colorbar(image, ax=axes, shrink=shrink, aspect=18, ticks=(0, 0.5, 1))
        bar.set_label("share of the true label", fontsize=9)
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0, labelsize=9)


def _counts(axes: Axes, matrix: Array, share: Array) -> None:
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            colour = PAPER if share[row, column] > 0.5 else INK
            size = 8.5 if count < 1000 else 7
            axes.text(
                column, row, f"{count}", ha="center", va="center", fontsize=size, color=colour
            )


def distributions(path: Path, true: Array, predicted: Array, class_names: Sequence[str]) -> None:
    """True beside estimated label distributions of a few updates, on one scale.

    Args:
        path: of the PNG.
        true: [n, classes].
        predicted: [n, classes].
        class_names: of the classes.
    """
    classes = len(class_names)
    columns = min(columns_of(len(true)), 3 if classes <= 20 else 1)
    rows = math.ceil(len(true) / columns)
    names = [short(name) for name in class_names]
    longest = max(map(len, names))
    tall = 210 + (7 * longest if longest > 2 else 0)
    with drawing(path, max(560, 340 * columns), 60 + tall * rows) as figure:
        lay_out(figure)
        places = np.arange(classes)
        panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
        for unused in panels[len(true) :]:
            unused.set_axis_off()
        for number, (axes, own, guess) in enumerate(zip(panels, true, predicted, strict=False)):
            axes.bar(places - 0.2, own, 0.4, color=QUIET, label="true")
            axes.bar(places + 0.2, guess, 0.4, color=ACCENT, label="estimated")
            axes.set_title(f"update {number + 1}", loc="left")
            axes.margins(x=0.02)
            if classes <= NAMED_CLASSES:
                axes.set_xticks(places, names, rotation=0 if longest <= 2 else 90)
            plain(axes)
            if number % columns == 0:
                axes.set_ylabel("share")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=2, frameon=False)


def bars(
    path: Path, estimates: Mapping[str, Estimate], xlabel: str, highlight: Collection[str]
) -> None:
    """Means with their 95% intervals below one another: the attack beside its baselines.

    Args:
        path: of the PNG.
        estimates: by name, drawn from the top in this order.
        xlabel: the quantity and its unit.
        highlight: names to be drawn in colour.
    """
    with drawing(path, 800, 100 + 34 * len(estimates)) as figure:
        lay_out(figure)
        axes = figure.add_subplot()
        for number, (name, estimate) in enumerate(estimates.items()):
            _dot(axes, number, estimate, name in highlight)
        axes.set_yticks(range(len(estimates)), [short(name, 40) for name in estimates])
        for label, name in zip(axes.get_yticklabels(), estimates, strict=True):
            if name in highlight:
                label.set(color=ACCENT, fontweight="bold")
        axes.set_ylim(len(estimates) - 0.4, -0.6)
        axes.margins(x=0.06)
        axes.set_xlabel(text(xlabel + ", mean and 95% interval", 80))
        plain(axes, "x")
        axes.spines["left"].set_visible(False)


def _dot(axes: Axes, row: int, estimate: Estimate, marked: bool) -> None:
    colour = ACCENT if marked else MUTED
    if np.isfinite([estimate.low, estimate.high]).all():
        axes.plot([estimate.low, estimate.high], [row, row], color=colour, linewidth=2.2, alpha=0.7)
    axes.plot([estimate.mean], [row], "o", color=colour, markersize=8 if marked else 6.5)
    # Beyond the right edge, so that a number never lies on an interval.
    axes.annotate(
        f"{estimate.mean:.4g}",
        (1.01, row),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=9.5,
        color=colour,
        fontweight="bold" if marked else "normal",
    )
