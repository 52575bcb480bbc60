"""Another model in the place of an update: does an update like those of training explain it?"""

from collections.abc import Mapping
from typing import Any

from ulk_tf.answers.form import NOTHING
from ulk_tf.answers.numbers import as_mapping, is_number
from ulk_tf.auditing.answered import Answered
from ulk_tf.auditing.assumed import assumed
from ulk_tf.auditing.remedy import Export
from ulk_tf.evaluation.coherence import coherence


def unchecked(seen: Mapping[str, Any], export: Export, answered: Answered) -> str:
    """Say why an update cannot be told from another model.

    Args:
        seen: what the export says of its updates; hostile values count as not told.
        export: the export.
        answered: the target's answers.

    Returns:
        The reason; empty where `looks_like_another` tells.
    """
    told = as_mapping(seen.get("coherence"))
    low, least = told.get("low"), told.get("least_movement")
    if not (is_number(low) and is_number(least)):
        return "the export tells no coherence of its updates"
    if answered.movement < least:
        return "the probes moved less than by most updates of its training"
    if answered.form.floor > max(export.form.floor, NOTHING):
        return "the answers are coarser than those of its training"
    return ""


def looks_like_another(seen: Mapping[str, Any], export: Export, answered: Answered) -> str:
    """Say that the second version looks like another model, and not like an updated one.

    Args:
        seen: as `unchecked` takes it, which returns nothing for it.
        export: the export.
        answered: the target's answers.

    Returns:
        A sentence; empty where it looks updated.
    """
    # The range was measured no finer than the answers that the attack was trained on.
    common = float(coherence(answered.before, answered.after, export.form.floor))
    low = float(as_mapping(seen.get("coherence"))["low"])
    if common >= low:
        return ""
    said = (
        f"{common:.0%} of what moved is common to all probes (trained on at least {low:.0%}), as "
        "where the second version is another model and not the first one updated."
    )
    if assumed(export.metadata).from_scratch:
        return said
    command = export.command(update_method="retraining")
    how = f": {command}" if command else " (--update_method=retraining)."
    return f"{said} If it was trained anew, train the attack on such updates{how}"
