"""Fit of an attack to a target: was it trained on such classifiers and such updates?

An export may carry, under the key `seen` of its metadata, what its training updates were like:

    {"confidence": {"low": 0.4, "high": 0.99},        mean top posterior before the update
     "movement": {"low": 0.001, "high": 0.2},         mean total variation distance over probes
     "coherence": {"low": 0.6, "high": 1.0,           share of movement common to all probes
                   "least_movement": 0.05},           of updates that move them so far
     "agreement": {"low": 0.8, "high": 1.0},          share of probes of the likeliest class
     "likeliest": [class of each probe],              by the shadow models together
     "score_by_tenth": {"metric": "accuracy", "less_is_better": false, "chance": 0.1,
                        "edges": [11 movements], "values": [10 scores, null where none is],
                        "intervals": [10 pairs], "chances": [10 scores of the best guess]}}
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import logit

from ulk_tf.answers.numbers import as_mapping, is_number
from ulk_tf.auditing.agreement import others_meant
from ulk_tf.auditing.another_model import looks_like_another, unchecked
from ulk_tf.auditing.answered import Answered
from ulk_tf.auditing.assumed import assumed
from ulk_tf.auditing.remedy import Export
from ulk_tf.auditing.score import Score, score_of
from ulk_tf.evaluation.wording import attack_name

UNCHECKED = {
    "order": "the order of classes and rows",
    "update": "whether the second version is the first one updated",
}
AT_A_BOUND = 1e-9  # as far as ranges that end at 0 or 1 may stop short of it


@dataclass(frozen=True)
class Fit:
    """Fit of one attack to a target.

    Attributes:
        attack: its name.
        fits: whether target and update are like those that it was trained on.
        sentence: for people; empty where there is nothing to say.
        score: what the attack scored on updates that moved as much as this one; None where
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


def check_fit(export: Export, answered: Answered) -> Fit:
    """Hold a target and its update against what an attack was trained on.

    Args:
        export: the export.
        answered: the target's answers before and after the update.
    """
    attack, metadata = export.attack, export.metadata
    seen, name = as_mapping(metadata.get("seen")), attack_name(attack)
    ranges = {key: one for key in _FIGURES if (one := _range(seen.get(key))) is not None}
    order = others_meant(seen, answered)
    unclear = unchecked(seen, export, answered)
    other = order or ("" if unclear else looks_like_another(seen, export, answered))
    outside = {
        key: f"{words} is {value:.2g} (trained on {ranges[key][0]:.2g} to {ranges[key][1]:.2g})"
        for key, (words, read) in _FIGURES.items()
        if key in ranges
        for value in [read(answered)]
        if not ranges[key][0] - AT_A_BOUND <= value <= ranges[key][1] + AT_A_BOUND
    }
    if outside:
        return Fit(
            attack,
            False,
            f"{name} does not fit this target, so nothing is claimed: "
            f"{' and '.join(outside.values())}. {_like_this(export, outside)}",
        )
    if other:
        return Fit(
            attack, False, f"{name} does not fit these answers, so nothing is claimed: {other}"
        )
    if not ranges:
        return Fit(
            attack,
            True,
            f"{name}: the export does not say on which classifiers and updates it was trained, so "
            "that its score may not hold for this target.",
        )
    told, score = score_of(name, metadata, answered.movement, assumed(metadata).sized)
    said = [
        f"{name}: {UNCHECKED[what]} was not checked, since {why}."
        for what, why in (
            ("order", "" if order is not None else "the export tells no likeliest classes"),
            ("update", unclear),
        )
        if why
    ]
    return Fit(attack, True, " ".join([told, *said]).strip(), score)


def apart_in_confidence(metadata: Mapping[str, Any], answered: Answered) -> float:
    """Tell how far a target's confidence lies from that of shadow models.

    Args:
        metadata: of the export.
        answered: the target's answers before and after the update.

    Returns:
        0 in the middle of the range of training, 1 at its ends, in log odds; infinite where no
        range is told.
    """
    found = _range(as_mapping(metadata.get("seen")).get("confidence"))
    if found is None:
        return math.inf
    low, high, own = (
        float(logit(np.clip(one, 1e-9, 1 - 1e-9))) for one in (*found, answered.confidence)
    )
    return abs(own - (low + high) / 2) / max((high - low) / 2, 1e-9)


def _like_this(export: Export, outside: Collection[str]) -> str:
    """The remedy where classifiers or updates differ, of which the user knows how."""
    how = "on classifiers of this architecture, with this update's learning rate and set size"
    if "confidence" in outside:
        how += ", and where the service divides logits by a temperature with that "
        how += "(--defence=temperature:<a temperature>)"
    command = export.command()
    return f"Train it {how}{f': {command}, with the flags that differ' if command else ''}."


_FIGURES: dict[str, tuple[str, Callable[[Answered], float]]] = {
    "confidence": ("the mean top posterior", lambda answered: answered.confidence),
    "movement": ("the mean movement of the probes", lambda answered: answered.movement),
}


def _range(told: object) -> tuple[float, float] | None:
    """The range of one figure; None where it is not told."""
    low, high = (as_mapping(told).get(end) for end in ("low", "high"))
    return (float(low), float(high)) if is_number(low) and is_number(high) else None
