"""Score of an attack on held-out updates that moved the probes as much as a target's update did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ulk_tf.answers.numbers import as_mapping, is_number
from ulk_tf.evaluation.metrics_table import metric
from ulk_tf.evaluation.movement import TENTHS


@dataclass(frozen=True)
class Score:
    """Score of an attack on a tenth of held-out updates.

    Attributes:
        metric: the score's name.
        value: the score.
        chance: the same of a guess.
        interval: 95% interval of the score over such updates; None where the export tells none.
    """

    metric: str
    value: float
    chance: float
    interval: tuple[float, float] | None = None

    @property
    def words(self) -> str:
        """The score, its interval and chance."""
        percent = self.metric.endswith("accuracy")
        form = (".0%" if self._told_by(".0%") else ".1%") if percent else ".3g"
        low, high = self.interval or (None, None)
        within = "" if low is None else f" [{low:{form}}, {high:{form}}]"
        what = "right in" if percent else metric(self.metric).title
        return f"{what} {self.value:{form}}{within}, chance {self.chance:{form}}"

    @property
    def doubt(self) -> str:
        """What must be said where a guess may be as good; else empty."""
        less = metric(self.metric).less_is_better
        worst = self.value if self.interval is None else self.interval[1 if less else 0]
        if self._better(worst, less):
            return ""
        is_not = "is not shown to be" if self._better(self.value, less) else "is no"
        return f"That {is_not} better than a guess on such updates."

    def _told_by(self, form: str) -> bool:
        """True if so many digits tell the score from chance where it is better."""
        worst = self.value if self.interval is None else self.interval[0]
        return worst <= self.chance or f"{worst:{form}}" != f"{self.chance:{form}}"

    def _better(self, value: float, less: bool) -> bool:
        return value < self.chance if less else value > self.chance


def score_of(
    attack: str, metadata: Mapping[str, Any], movement: float, updates: str
) -> tuple[str, Score | None]:
    """Tell what an attack scored on updates that moved as much, as far as its export tells.

    Args:
        attack: its name for people.
        metadata: of the export.
        movement: of the target's update.
        updates: words for the updates that the attack assumes.

    Returns:
        A sentence, empty where there is nothing to say, and the score, None where none is told.
    """
    told = as_mapping(as_mapping(metadata.get("seen")).get("score_by_tenth"))
    edges = _numbers(told.get("edges"))
    if len(edges) != TENTHS + 1 or edges != sorted(edges):
        return "", None
    if not edges[0] <= movement <= edges[-1]:
        how = "little (at least" if movement < edges[0] else "much (at most"
        end = edges[0] if movement < edges[0] else edges[-1]
        return (
            f"{attack}: no held-out update moved the probes so {how} {end:.2g}), so that its score "
            "may not hold for this one."
        ), None
    tenth = int(np.clip(np.searchsorted(edges, movement, side="right") - 1, 0, TENTHS - 1))
    score = _score(told, tenth)
    if score is None:
        return "", None
    return f"{attack}, {updates} that moved as much: {score.words}. {score.doubt}".strip(), score


def _score(told: Mapping[str, Any], tenth: int) -> Score | None:
    """The score of one tenth of updates; None where it is not told."""
    name = told.get("metric")
    value = _of_tenth(told.get("values"), tenth)
    chance = _of_tenth(told.get("chances", [told.get("chance")] * TENTHS), tenth)
    if not (isinstance(name, str) and is_number(value) and is_number(chance)):
        return None
    ends = _numbers(_of_tenth(told.get("intervals"), tenth))
    whole = len(ends) == 2 and ends[0] <= value <= ends[1]
    return Score(name, float(value), float(chance), (ends[0], ends[1]) if whole else None)


def _of_tenth(told: object, tenth: int) -> Any:
    whole = isinstance(told, list | tuple) and len(told) == TENTHS
    return told[tenth] if whole else None  # type: ignore[index]


def _numbers(told: object) -> list[float]:
    if not isinstance(told, Sequence) or isinstance(told, str) or not all(map(is_number, told)):
        return []
    return [float(value) for value in told]
