"""Keys of figures that stand beside a baseline, `<metric>:<baseline>`, in results and exports."""

from collections.abc import Mapping
from typing import TypeVar

Value = TypeVar("Value")
_BETWEEN = ":"


def key_of(metric: str, baseline: str) -> str:
    """Return the key of a metric's figure beside a baseline.

    Example:
        >>> key_of("accuracy", "shuffled")
        'accuracy:shuffled'
    """
    return f"{metric}{_BETWEEN}{baseline}"


def parts_of(key: str) -> tuple[str, str]:
    """Return the metric and the baseline of a key; no baseline where it is that of a metric.

    Example:
        >>> parts_of("accuracy:shuffled"), parts_of("accuracy")
        (('accuracy', 'shuffled'), ('accuracy', ''))
    """
    metric, _, baseline = key.partition(_BETWEEN)
    return metric, baseline


def by_baseline(figures: Mapping[str, Value], metric: str) -> dict[str, Value]:
    """Select the figures of one metric, by baseline.

    Args:
        figures: baselines or gains, by key.
        metric: name of the metric.

    Example:
        >>> by_baseline({"accuracy:prior": 0.1, "top3_accuracy:prior": 0.3}, "accuracy")
        {'prior': 0.1}
    """
    of_each = ((parts_of(key), value) for key, value in figures.items())
    return {baseline: value for (own, baseline), value in of_each if own == metric and baseline}
