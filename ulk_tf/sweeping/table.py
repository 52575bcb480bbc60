"""Table of a sweep: a line for each setting, as text for terminals and documents."""

from collections.abc import Mapping

from ulk_tf.evaluation.baselines_table import baseline
from ulk_tf.evaluation.metrics_table import metric
from ulk_tf.evaluation.wording import attack_name
from ulk_tf.settings.attack_table import attack_row
from ulk_tf.sweeping.settings import Setting
from ulk_tf.sweeping.sweep import Row, Sweep, deviation

UTILITY = {"accuracy": "accuracy", "calibration_error": "calibration error", "change": "change"}


def table(found: Sweep) -> str:
    """Format a sweep as a Markdown table with its caption.

    Args:
        found: the sweep.
    """
    name = found.experiment.attack_name
    headline = attack_row(name).headline
    useful = list(found.plain.utility)
    naive = any(row.naive for row in found.rows)
    columns = ["setting", metric(headline).title, "leak"]
    columns += ["leak, naive"] if naive else []
    columns += [UTILITY[one] for one in useful]
    lines = [columns, ["---"] * len(columns)]
    lines += [_cells(found, row, useful, naive) for row in (found.plain, *found.rows)]
    body = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"{_caption(found)}\n\n{body}"


def _caption(found: Sweep) -> str:
    over = baseline(found.baseline).title.lower()
    gain = found.gain(found.plain.adaptive)
    spread = deviation(found.spread)
    told = (
        f"{attack_name(found.experiment.attack_name)}: the gain over {over} is {gain['mean']:.3g} "
        f"[{gain['low']:.3g}, {gain['high']:.3g}] without any setting, with a standard deviation "
        f"of {spread:.2g} over {len(found.spread)} training seeds."
    )
    if gain["low"] > 0:
        return f"{told} Leak is a gain as a share of that one."
    return f"{told} It is not above zero, so no share of it is given."


def _cells(found: Sweep, row: Row, useful: list[str], naive: bool) -> list[str]:
    headline = attack_row(found.experiment.attack_name).headline
    cells = [_label(row.setting), _estimate(row.adaptive["metrics"][headline]), _share(found, row)]
    if naive:
        cells.append(_share(found, row, naive=True) if row.naive else "")
    return cells + [f"{row.utility[one]['mean']:.3f}" for one in useful]


def _label(setting: Setting) -> str:
    return f"{setting.name} ({setting.note})" if setting.note else setting.name


def _share(found: Sweep, row: Row, naive: bool = False) -> str:
    entry = row.naive if naive else row.adaptive
    share = None if entry is None else found.share(entry)
    if share is None:
        return ""
    return f"{share['mean']:.0%} [{share['low']:.0%}, {share['high']:.0%}]"


def _estimate(estimate: Mapping[str, float]) -> str:
    return f"{estimate['mean']:.4g} [{estimate['low']:.4g}, {estimate['high']:.4g}]"
