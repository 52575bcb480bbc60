"""Scores: metrics, baselines and gains of an attack, with intervals, and what pictures need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ulk_tf.corpus.build import Updates
from ulk_tf.evaluation.baselines_table import BASELINES
from ulk_tf.evaluation.compared import by_baseline, key_of
from ulk_tf.evaluation.intervals import Estimate
from ulk_tf.evaluation.measures import Measure
from ulk_tf.evaluation.metrics_table import METRICS
from ulk_tf.files import Array
from ulk_tf.settings.attack_table import imported


@dataclass
class Scores:
    """Scores of an attack on the questions that it was asked.

    Attributes:
        groups: int32 [questions], the target base model of each question.
        rows: int32 [questions], the update that each question is about.
        metrics: of the attack, by name.
        baselines: by `<metric>:<baseline>`.
        gains: of the attack over each baseline, by `<metric>:<baseline>`; see `Measure.gain`.
        pictures: arrays that figures are drawn from.
        values: what the estimates are made of, by the names of metrics and baselines.
    """

    groups: Array
    rows: Array | None = None
    metrics: dict[str, Estimate] = field(default_factory=dict)
    baselines: dict[str, Estimate] = field(default_factory=dict)
    gains: dict[str, Estimate] = field(default_factory=dict)
    pictures: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.rows is None:
            self.rows = np.arange(len(self.groups), dtype=np.int32)

    @classmethod
    def of(cls, updates: Updates) -> "Scores":
        """Empty scores of one question for each update."""
        return cls(updates.base)

    @classmethod
    def joined(cls, parts: Sequence["Scores"]) -> "Scores":
        """Join the scores of attacks on different target base models.

        Metrics and baselines are estimated anew over all questions; pictures are those of the
        first part.

        Args:
            parts: scores by the same metrics and baselines.
        """
        if len(parts) == 1:
            return parts[0]
        first = parts[0]
        values = {
            name: np.concatenate([part.values[name] for part in parts]) for name in first.values
        }
        rows = [part.rows for part in parts if part.rows is not None]
        found = cls(np.concatenate([part.groups for part in parts]), np.concatenate(rows))
        for name in first.metrics:
            others = by_baseline(first.baselines, name)
            found.metric(name, values[name], {one: values[key_of(name, one)] for one in others})
        found.pictures = first.pictures
        return found

    def metric(self, name: str, values: Array, baselines: Mapping[str, Array]) -> None:
        """Add a metric with its baselines, and the paired gain over each of them.

        Args:
            name: of the metric, a row of `metrics_table`.
            values: of the attack, one row for each question.
            baselines: the same of each baseline, by names of `baselines_table`.

        Raises:
            KeyError: a metric or baseline that is in no table: a report could not say what a gain
                over it means.
        """
        row = METRICS[name]
        measure: Measure = imported(row.measure)  # type: ignore[assignment]
        self.values[name] = np.asarray(values)
        self.metrics[name] = measure.estimate(self.values[name], self.groups)
        for other, theirs in baselines.items():
            key = key_of(name, BASELINES[other].name)
            self.values[key] = np.asarray(theirs)
            self.baselines[key] = measure.estimate(self.values[key], self.groups)
            self.gains[key] = measure.gain(
                self.values[name], self.values[key], self.groups, row.less_is_better
            )
