"""Choosing one of a model's signatures."""

from collections.abc import Iterable

from ulk_tf.errors import UserError

DEFAULT = "serving_default"
INTERNAL = "__saved_model"  # what TensorFlow keeps for itself


def choose(names: Iterable[str], wanted: str | None, who: str) -> str:
    """Choose a signature.

    Args:
        names: of the model's signatures.
        wanted: the user's choice; None takes serving_default, or else the only one.
        who: the model, for messages.

    Raises:
        UserError: there is no such signature, or no telling which.
    """
    known = sorted(name for name in names if not name.startswith(INTERNAL))
    if wanted is not None:
        if wanted in known:
            return wanted
        raise UserError(f"--signature to be one of {', '.join(known) or 'none'}", repr(wanted))
    if DEFAULT in known:
        return DEFAULT
    if len(known) == 1:
        return known[0]
    if not known:
        raise UserError(
            "a model with a signature",
            f"{who}, which has none",
            "Save it with one: model.export(folder), or tf.saved_model.save(..., signatures=...).",
        )
    raise UserError(
        f"--signature to be one of {', '.join(known)}",
        f"none; {who} has no {DEFAULT} that would be taken by itself",
    )
