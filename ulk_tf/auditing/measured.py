"""Measured scores of an attack, as far as its export tells them whole."""

from collections.abc import Mapping
from typing import Any

from ulk_tf.answers.numbers import as_mapping, is_number


def measured(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The `metrics`, `baselines` and `gains` in an export's ulk.json that are whole estimates.

    `attack`, `doubts` and `seen` are beside them, so that a verdict can be made from all.
    """
    found: dict[str, Any] = {
        group: {
            name: value
            for name, value in as_mapping(metadata.get(group)).items()
            if all(is_number(as_mapping(value).get(key)) for key in ("mean", "low", "high", "n"))
        }
        for group in ("metrics", "baselines", "gains")
    }
    doubts = metadata.get("doubts")
    return found | {
        "attack": metadata.get("attack"),
        "doubts": [str(one) for one in doubts] if isinstance(doubts, list) else [],
        "seen": _seen(metadata),
    }


def _seen(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The scores on held-out updates, as far as they are whole."""
    tenths = as_mapping(as_mapping(metadata.get("seen")).get("score_by_tenth"))
    values, chance = tenths.get("values"), tenths.get("chance")
    whole = isinstance(values, list) and all(one is None or is_number(one) for one in values)
    return (
        {"score_by_tenth": dict(tenths)} if whole and (chance is None or is_number(chance)) else {}
    )
