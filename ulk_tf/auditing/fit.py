"""Fit of an attack to a target: was it trained on such classifiers and such updates?

An export may carry, under the key `seen` of its metadata, what its training updates were like:

    {"confidence": {"low": 0.4, "high": 0.99},        mean top posterior before the update
     "movement": {"low": 0.001, "high": 0.2},         mean total variation distance over probes
     "score_by_tenth": {"metric": "accuracy", "chance": 0.1,
                        "edges": [11 movements], "values": [10 scores]}}
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeGuard

import numpy as np

from ulk_tf.evaluation.metrics_table import metric
from ulk_tf.evaluation.wording import attack_name

TENTHS = 10


@dataclass(frozen=True)
class Score:
    """Score of an attack on a tenth of held-out updates.

    Attributes:
        metric: the score's name.
        value: the score.
        chance: the same of a guess.
    """

    metric: str
    value: float
    chance: float


@dataclass(frozen=True)
class Fit:
    """Fit of one attack to a target.

    Attributes:
        attack: its name.
        fits: whether target and update are like those that it was trained on.
        sentence: for people; empty where there is nothing to say.
        score: what the attack scored on updates that moved as much one; None where
            that is not told.
    """

    attack: str
    fits: bool = True
    sentence: str = ""
    score: Score | None = None

    def as_json(self) -> dict[str, Any]:
        """Its entry in audit.json."""
        return {
            "attack": self.attack,
            "fits": self.fits,
            "sentence": self.sentence,
            "score_of_such_updates": None if self.score is None else asdict(self.score),
        }


def check_fit(
    attack: str, metadata: Mapping[str, Any], confidence: float, movement: float
) -> Fit | None:
    """Hold a target and its update against what an attack was trained on.

    Args:
        attack: its name.
        metadata: of the export.
        confidence: mean top posterior before the update, see `evaluation.movement`.
        movement: mean total variation distance over the probes, see there.

    Returns:
        None where the export does not say what it was trained on.
    """
    seen = metadata.get("seen")
    if not isinstance(seen, Mapping):
        return None
    outside = [
        f"{words} is {value:.2g} (trained on {low:.2g} to {high:.2g})"
        for key, words, value in (
            ("confidence", "the mean top posterior", confidence),
            ("movement", "the mean movement of the probes", movement),
        )
        for low, high in _range(seen.get(key))
        if not low <= value <= high
    ]
    if outside:
        return Fit(
            attack,
            False,
            f"{attack_name(attack)} does not fit this target, so nothing is claimed: "
            f"{' and '.join(outside)}. Train it on classifiers of this architecture, with this "
            "update's learning rate and set size.",
        )
    score = _score(seen.get("score_by_tenth"), movement)
    return Fit(attack) if score is None else Fit(attack, True, _said(attack, score), score)


def _said(attack: str, score: Score) -> str:
    if score.metric.endswith("accuracy"):
        words = f"right in {score.value:.0%}, chance {score.chance:.0%}"
    else:
        words = f"{metric(score.metric).title} {score.value:.3g}, chance {score.chance:.3g}"
    return f"{attack_name(attack)}, updates that moved as much: {words}."


def _score(told: object, movement: float) -> Score | None:
    """The score of the tenth of updates that moved as much; None where it is not told."""
    if not isinstance(told, Mapping):
        return None
    edges, values = _numbers(told.get("edges")), _numbers(told.get("values"))
    chance, name = told.get("chance"), told.get("metric")
    if len(edges) != TENTHS + 1 or len(values) != TENTHS or edges != sorted(edges):
        return None
    if not _is_number(chance) or not isinstance(name, str):
        return None
    tenth = int(np.clip(np.searchsorted(edges, movement, side="right") - 1, 0, TENTHS - 1))
    return Score(name, values[tenth], float(chance))


def _range(told: object) -> list[tuple[float, float]]:
    """The range of one figure; empty where it is not told."""
    if not isinstance(told, Mapping):
        return []
    low, high = told.get("low"), told.get("high")
    return [(float(low), float(high))] if _is_number(low) and _is_number(high) else []


def _numbers(told: object) -> list[float]:
    if not isinstance(told, Sequence) or isinstance(told, str) or not all(map(_is_number, told)):
        return []
    return [float(value) for value in told]


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
