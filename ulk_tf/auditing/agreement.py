"""Agreement of a target with an attack's shadow models: are these its classes and its probes?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ulk_tf.answers.numbers import is_number
from ulk_tf.auditing.answered import Answered
from ulk_tf.evaluation.agreement import agreement_with, best_by_chance

# Classes stand in another order where that agrees in so many more of the probes.
REORDERED, FEWEST_PROBES = 0.08, 5
ORDER = (
    "With its classes in another order they would in {best:.0%}: give that order with "
    "--class_names."
)
SAMPLES = (
    "Are rows and classes in the order that the attack knows, and the samples sent as the target "
    "takes them (--scale)? If so, train it on classifiers that are trained like this one."
)


def others_meant(seen: Mapping[str, Any], answered: Answered) -> str | None:
    """Say why a target's likeliest classes are not those of an attack's shadow models.

    Args:
        seen: what the export says of its shadow models; hostile values count as not told.
        answered: the target's answers.

    Returns:
        A sentence; empty where they agree, None where the export tells no classes.
    """
    expected, probes, classes = seen.get("likeliest"), *answered.before.shape
    told = seen.get("agreement")
    low = told.get("low") if isinstance(told, Mapping) else None
    if not isinstance(expected, list) or len(expected) != probes or not is_number(low):
        return None
    if not all(type(label) is int and 0 <= label < classes for label in expected):
        return None
    meant = np.array(expected)
    alike, best = agreement_with(answered.likeliest, meant)
    more = best - alike
    reordered = more >= max(REORDERED, FEWEST_PROBES / probes) and best > best_by_chance(
        answered.likeliest, meant
    )
    if alike >= low and not reordered:
        return ""
    return (
        f"the likeliest classes are those of its shadow models in {alike:.0%} of the probes "
        f"(trained on at least {low:.0%}). {ORDER.format(best=best) if reordered else SAMPLES}"
    )
