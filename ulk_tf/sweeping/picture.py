"""Picture of a sweep of defences: what leaks beside how good the answers still are."""

from collections.abc import Mapping
from pathlib import Path

from ulk_tf.evaluation.baselines_table import baseline
from ulk_tf.evaluation.drawing import ACCENT, LINE, MUTED, QUIET, SECOND, drawing, lay_out, text
from ulk_tf.evaluation.plotting import Axes
from ulk_tf.evaluation.wording import attack_name
from ulk_tf.sweeping.ledger import Entry
from ulk_tf.sweeping.results import Row, Sweep

# Pixels of a setting's line, of the rest of the picture, and of its width.
LINE_HEIGHT, AROUND, WIDTH = 24, 130, 860
# Shares below this are marked at the edge: an attack that does not fit may be wrong without bound.
LOWEST, EDGE, HIGHEST = -0.25, -0.3, 1.75
# How far a line's two adversaries are from its middle, as a share of its height.
APART = 0.16


def picture(path: Path, found: Sweep) -> None:
    """Draw for each setting what leaks to both adversaries, and how much answers change, as PNG.

    Args:
        path: path of the PNG.
        found: a sweep with utility.
    """
    rows = (found.plain, *found.rows)
    with drawing(path, WIDTH, AROUND + LINE_HEIGHT * len(rows)) as figure:
        lay_out(figure)
        leak, change = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        leak.set_title(text(attack_name(found.attack)), loc="left")
        for place, row in enumerate(rows):
            _draw_leak(leak, found, row, place)
            _draw_change(change, row, place)
        leak.set_yticks(range(len(rows)), [text(row.setting.name) for row in rows])
        leak.set_ylim(len(rows) - 0.4, -0.6)
        leak.set_xlim(EDGE, min(leak.get_xlim()[1], HIGHEST))
        leak.axvline(0, color=QUIET, linewidth=0.8)
        over = text(baseline(found.baseline).title.lower())
        shared = found.share(found.plain.adaptive) is not None
        what = "leak: share of the undefended gain" if shared else f"gain over {over}"
        leak.set_xlabel(f"{what}\n(a triangle at the edge: below {LOWEST})")
        for colour, label in ((ACCENT, "adaptive adversary"), (SECOND, "naive adversary")):
            change.plot([], [], "o", color=colour, ms=4, label=label)
        change.legend(frameon=False, fontsize=9, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
        # Changes span six orders of magnitude, and some defences change nothing.
        change.set_xscale("symlog", linthresh=1e-6)
        change.set_xticks([0, 1e-6, 1e-4, 1e-2, 1])
        change.set_xlim(-2e-7, 2)
        change.set_xlabel("mean change of an answer\n(total variation); beside it the accuracy")
        for axes in (leak, change):
            axes.grid(axis="y", color=LINE, linewidth=0.8)
            axes.set_axisbelow(True)
            axes.tick_params(length=0)
            axes.spines[["top", "right", "left"]].set_visible(False)


def _draw_leak(axes: Axes, found: Sweep, row: Row, place: int) -> None:
    for entry, colour, side in ((row.adaptive, ACCENT, -APART), (row.naive, SECOND, APART)):
        if entry is None:
            continue
        value = _leak(found, entry)
        if value["mean"] < LOWEST:
            axes.plot([LOWEST], [place + side], "<", color=colour)
            continue
        # An end beyond the axis is drawn up to it.
        low = max(value["low"], EDGE)
        ends = [[value["mean"] - low], [value["high"] - value["mean"]]]
        axes.errorbar([value["mean"]], [place + side], xerr=ends, fmt="o", color=colour, lw=1, ms=4)


def _leak(found: Sweep, entry: Entry) -> Mapping[str, float]:
    """A share of the plain gain, or the gain itself where the plain one was not shown."""
    return found.share(entry) or found.gain(entry)


def _draw_change(axes: Axes, row: Row, place: int) -> None:
    if not row.utility:
        return
    change = row.utility["change"]["mean"]
    axes.plot([change], [place], "o", color=MUTED, ms=4)
    axes.annotate(
        f"{row.utility['accuracy']['mean']:.3f}",
        (1, place),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        fontsize=8,
        color=MUTED,
        va="center",
    )
