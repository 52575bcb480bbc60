"""Words and figures of docs/RESULTS.md: titles, and values as shares or numbers.

Figures are metrics, and gains as `<metric>:<baseline>`.
"""

from ulk_tf.evaluation.baselines_table import baseline
from ulk_tf.evaluation.compared import parts_of
from ulk_tf.evaluation.metrics_table import metric
from ulk_tf.settings.attack_table import ATTACKS


def title(name: str) -> str:
    """Return the title of a figure."""
    of, other = parts_of(name)
    if not other:
        return metric(of).title
    gain = f"Gain over {baseline(other).title.lower()}"
    # Another metric of an attack has gains over the same baselines as its headline.
    which = metric(of).title.partition(", ")[2]
    return gain if of in {row.headline for row in ATTACKS.values()} else f"{gain}, {which}"


def show(name: str, value: float) -> str:
    """Format a value of a figure."""
    return percent(value) if _share(name) else number(value)


def _share(name: str) -> bool:
    of, other = parts_of(name)
    return metric(of).less_is_better and bool(other)


def percent(value: float) -> str:
    """Format a share as a percentage."""
    return f"{100 * value:.1f}%"


def number(value: float) -> str:
    """Format a figure with four significant digits."""
    return f"{value:.4g}"
