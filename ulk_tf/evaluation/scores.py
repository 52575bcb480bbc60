"""What a scored attack is: metrics and baselines with intervals, and what pictures are made of."""

from dataclasses import dataclass, field
from typing import Any

from ulk_tf.corpus.build import Updates
from ulk_tf.evaluation.intervals import Estimate, interval, paired_gain
from ulk_tf.files import Array


@dataclass
class Scores:
    """Metrics of an attack on target updates.

    Attributes:
        groups: int32 [updates], the target base model of each update.
        metrics: of the attack.
        baselines: by `<metric>:<baseline>`.
        pictures: arrays that figures are drawn from.
    """

    groups: Array
    metrics: dict[str, Estimate] = field(default_factory=dict)
    baselines: dict[str, Estimate] = field(default_factory=dict)
    pictures: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, updates: Updates) -> "Scores":
        """Empty scores of these updates."""
        return cls(updates.base)

    def metric(self, name: str, values: Array, **baselines: Array) -> None:
        """Add a metric and what it is compared with.

        Args:
            name: of the metric.
            values: of the attack, [updates].
            **baselines: of each baseline, [updates].
        """
        self.metrics[name] = interval(values, self.groups)
        for baseline, other in baselines.items():
            self.baselines[f"{name}:{baseline}"] = interval(other, self.groups)

    def gain(self, name: str, values: Array, other: Array) -> None:
        """Add the gain 1 - mean(values) / mean(other), for metrics where less is better."""
        self.metrics[name] = paired_gain(values, other, self.groups)
