"""Another model in the place of an update: does an update like those of training explain it?"""

from collections.abc import Mapping
from typing import Any

from ulk_tf.answers.form import Form
from ulk_tf.answers.numbers import is_number
from ulk_tf.auditing.answered import Answered
from ulk_tf.auditing.remedy import Trained
from ulk_tf.evaluation.coherence import coherence


def looks_like_another(seen: Mapping[str, Any], trained: Trained, answered: Answered) -> str | None:
    """Say that the second version looks like another model, and not like an updated one.

    Args:
        seen: what the export says of its updates; hostile values count as not told.
        trained: the export.
        answered: the target's answers.

    Returns:
        A sentence; empty where it looks updated or moved too little to tell, None where the export
        tells no coherence.
    """
    told = seen.get("coherence")
    told = told if isinstance(told, Mapping) else {}
    low, least = told.get("low"), told.get("least_movement")
    if not (is_number(low) and is_number(least)):
        return None
    if answered.movement < least:
        return ""
    # As fine as the answers that it was trained on, by which the range was measured.
    floor = Form.from_json(trained.metadata.get("answers")).floor
    common = float(coherence(answered.before, answered.after, floor))
    if common >= low:
        return ""
    command = trained.command(update_method="retraining")
    how = f": {command}" if command else " (--update_method=retraining)."
    return (
        f"{common:.0%} of what moved is common to all probes (trained on at least "
        f"{low:.0%}), as where the second version is another model and not the first one updated. "
        f"If it was trained anew, train the attack on such updates{how}"
    )
