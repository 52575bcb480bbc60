"""Picture of a sweep of defences: what leaks against how good the answers still are."""

from pathlib import Path

from ulk_tf.evaluation.drawing import ACCENT, MUTED, QUIET, SECOND, drawing, lay_out, plain, text
from ulk_tf.evaluation.wording import attack_name
from ulk_tf.sweeping.results import Row, Sweep


def picture(path: Path, found: Sweep) -> None:
    """Draw leak against how much a defence changes answers, for both adversaries, as PNG.

    Args:
        path: path of the PNG.
        found: a sweep with utility.
    """
    rows = (found.plain, *found.rows)
    with drawing(path, 760, 480) as figure:
        lay_out(figure)
        axes = figure.add_subplot(1, 1, 1)
        axes.set_title(text(attack_name(found.attack)), loc="left")
        for row in rows:
            _draw(axes, found, row)
        axes.axhline(0, color=QUIET, linewidth=0.8)
        # Changes span six orders of magnitude, and some defences change nothing.
        axes.set_xscale("symlog", linthresh=1e-6)
        axes.set_xlim(-2e-7, 8)  # room for the names of the largest
        axes.set_xlabel("mean change of the answers by the defence (total variation)")
        axes.set_ylabel("leak, as a share of the undefended gain")
        for colour, label in ((ACCENT, "adaptive adversary"), (SECOND, "naive adversary")):
            axes.plot([], [], "o", color=colour, label=label)
        axes.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.01, 1))
        plain(axes)


def _draw(axes: object, found: Sweep, row: Row) -> None:
    x = row.utility["change"]["mean"]
    for entry, colour in ((row.adaptive, ACCENT), (row.naive, SECOND)):
        share = None if entry is None else found.share(entry)
        if share is None:
            continue
        ends = [[share["mean"] - share["low"]], [share["high"] - share["mean"]]]
        axes.errorbar([x], [share["mean"]], yerr=ends, fmt="o", color=colour, linewidth=1)  # type: ignore[attr-defined]
        if colour == ACCENT:
            axes.annotate(  # type: ignore[attr-defined]
                text(row.setting.name),
                (x, share["mean"]),
                xytext=(5, 4),
                textcoords="offset points",
                fontsize=8,
                color=MUTED,
            )
