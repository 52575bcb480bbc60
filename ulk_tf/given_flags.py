"""Flags as objects of Python: models, arrays and classes that take the place of names."""

from pathlib import Path
from typing import Any

from ulk_tf.classifiers import procedure_class
from ulk_tf.errors import UserError
from ulk_tf.progress import say

INLINE = "inline"


def give_bases(flags: dict[str, Any]) -> None:
    """Replace base models and their samples by names, for both sides.

    Args:
        flags: flags by name; changed in place.
    """
    from ulk_tf.classifiers import base_file  # noqa: PLC0415 - imports TensorFlow
    from ulk_tf.data import base_samples  # noqa: PLC0415 - light, but only needed here

    for side in ("", "shadow_"):
        for name, module in (("base_model", base_file), ("base_samples", base_samples)):
            value = flags.get(side + name)
            if isinstance(value, Path):
                flags[side + name] = str(value)
            elif value is not None and not isinstance(value, str):
                flags[side + name] = module.give(value)


def give_procedures(flags: dict[str, Any]) -> None:
    """Replace classes by their names; compute in this process what cannot be sent to workers.

    Args:
        flags: flags by name; changed in place.

    Raises:
        UserError: another executor was asked for.
    """
    for flag in ("procedure", "shadow_procedure"):
        given = flags.get(flag)
        if given is None or isinstance(given, str):
            continue
        flags[flag] = procedure_class.give(given)
        if not procedure_class.is_local(flags[flag]):
            continue
        if flags.get("executor", INLINE) != INLINE:
            raise UserError(
                f"{given.__name__} in a module that worker processes can import",
                f"one of {given.__module__}",
                f"Or use executor='{INLINE}'.",
            )
        _say_inline(
            flags,
            f"{given.__name__} cannot be sent to worker processes",
            "Move it into a module that can be imported.",
        )


def compute_inline(flags: dict[str, Any], model: str) -> None:
    """Compute updates of a model that workers cannot build in this process, unless told where.

    Args:
        flags: flags by name; changed in place.
        model: the model, for people.
    """
    _say_inline(
        flags,
        f"{model} cannot be sent to worker processes, since Keras cannot read its architecture "
        "there",
        "Move its custom layers into a module that can be imported.",
    )


def _say_inline(flags: dict[str, Any], reason: str, remedy: str) -> None:
    """Choose the executor in this process, and say why, unless one was asked for."""
    if "executor" not in flags:
        flags["executor"] = INLINE
        say(f"{reason}: updates are computed in this process. {remedy}")
