"""Table of a sweep: a line for each setting, as text for terminals and documents."""

from collections.abc import Mapping

import numpy as np

from ulk_tf.evaluation.baselines_table import baseline
from ulk_tf.evaluation.metrics_table import metric
from ulk_tf.evaluation.wording import attack_name
from ulk_tf.settings.attack_table import attack_row
from ulk_tf.sweeping.ledger import Entry
from ulk_tf.sweeping.results import Row, Sweep
from ulk_tf.sweeping.setting import Setting

UTILITY = {"accuracy": "accuracy", "calibration_error": "calibration error", "change": "change"}


def table(found: Sweep) -> str:
    """Format a sweep as a Markdown table with its caption.

    Args:
        found: the sweep.
    """
    headline = attack_row(found.attack).headline
    useful = list(found.plain.utility)
    naive = any(row.naive for row in found.rows)
    columns = ["setting", metric(headline).title, "leak"]
    columns += ["leak, naive"] if naive else []
    columns += [over_oracle(found)] if found.oracle else []
    columns += [UTILITY[one] for one in useful]
    lines = [columns, ["---"] * len(columns)]
    lines += [_cells(found, row, useful, naive) for row in (found.plain, *found.rows)]
    body = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"{_caption(found)}\n\n{body}"


def _caption(found: Sweep) -> str:
    over = baseline(found.baseline).title.lower()
    gain = found.gain(found.plain.adaptive)
    told = (
        f"{attack_name(found.attack)}: the gain over {over} is {gain['mean']:.3g} "
        f"[{gain['low']:.3g}, {gain['high']:.3g}] without any setting{_spread(found)}."
    )
    if gain["low"] > 0:
        told = (
            f"{told} Leak is a gain as a share of that one; its interval is that of the gain, "
            "divided by the same number."
        )
    else:
        told = f"{told} It is not above zero, so no share of it is given."
    if found.oracle is None:
        return told
    row = baseline(found.oracle)
    return f"{told} Only an attack that gains over {row.title.lower()} tells {row.beyond}."


def over_oracle(found: Sweep) -> str:
    """Return the heading of gains over the baseline that knows all labels; empty without one."""
    return f"over {baseline(found.oracle).title.lower()}" if found.oracle else ""


def beyond(found: Sweep, row: Row) -> str:
    """Format a gain over the baseline that knows all labels, with its interval.

    Args:
        found: the sweep, which has such a baseline.
        row: one of its rows.
    """
    return _percent(found.gain(row.adaptive, found.oracle))


def _spread(found: Sweep) -> str:
    """Words on other training seeds; empty where a sweep has not come to them."""
    count = len(found.spread)
    if count < 2:
        return ""
    spread = float(np.std(found.spread, ddof=1))
    return f", with a standard deviation of {spread:.2g} over {count} training seeds"


def label(setting: Setting) -> str:
    """Return the name of a setting, with what it stands for."""
    return f"{setting.name} ({setting.note})" if setting.note else setting.name


def share(found: Sweep, entry: Entry | None) -> str:
    """Format a gain as a share of the plain one, with its interval; empty where there is none."""
    value = None if entry is None else found.share(entry)
    return "" if value is None else _percent(value)


def _percent(value: Mapping[str, float]) -> str:
    return f"{value['mean']:.0%} [{value['low']:.0%}, {value['high']:.0%}]"


def _cells(found: Sweep, row: Row, useful: list[str], naive: bool) -> list[str]:
    cells = [label(row.setting), _estimate(found.score(row.adaptive)), share(found, row.adaptive)]
    if naive:
        cells.append(share(found, row.naive))
    if found.oracle:
        cells.append(beyond(found, row))
    known = row.utility
    return cells + [f"{known[one]['mean']:.3f}" if one in known else "" for one in useful]


def _estimate(estimate: Mapping[str, float]) -> str:
    return f"{estimate['mean']:.4g} [{estimate['low']:.4g}, {estimate['high']:.4g}]"
