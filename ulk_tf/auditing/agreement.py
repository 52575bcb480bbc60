"""Agreement of a target with an attack's shadow models: are these its classes and its probes?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ulk_tf.auditing.answered import Answered
from ulk_tf.evaluation.agreement import agreement_with

ORDER = (
    "With its classes in another order they would in {best:.0%}: give that order with "
    "--class_names."
)
SAMPLES = (
    "Are the rows in the order of the probing set, and the samples sent as the target takes them "
    "(--scale)?"
)


def others_meant(seen: Mapping[str, Any], answered: Answered) -> str:
    """Say why a target's likeliest classes are not those of an attack's shadow models.

    Args:
        seen: what the export says of its shadow models; hostile values count as not told.
        answered: the target's answers.

    Returns:
        A sentence; empty where they agree, or where the export tells no classes.
    """
    expected, probes, classes = seen.get("likeliest"), *answered.before.shape
    low = _mapping(seen.get("agreement")).get("low")
    if not isinstance(expected, list) or len(expected) != probes or not isinstance(low, float):
        return ""
    if not all(type(label) is int and 0 <= label < classes for label in expected):
        return ""
    alike, best = agreement_with(answered.likeliest, np.array(expected), classes)
    if not alike < low:
        return ""
    remedy = ORDER.format(best=best) if best >= low else SAMPLES
    return (
        f"the likeliest classes are those of its shadow models in {alike:.0%} of the probes "
        f"(trained on at least {low:.0%}). {remedy}"
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
