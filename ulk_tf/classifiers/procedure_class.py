"""Class of a user's procedure: imported by module:Class or given in Python, and inspected."""

import importlib
import inspect
import sys
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ulk_tf.errors import UserError
from ulk_tf.files import digest
from ulk_tf.settings.config import ModelConfig, TrainingConfig
from ulk_tf.settings.experiment import Party
from ulk_tf.settings.update_config import UpdateConfig

PREFIX = "given:"
METHODS = ("fit", "update", "predict_proba")
# Settings that decide which samples an update is given: they count for every procedure.
PLANNED = (
    "set_size",
    "set_sizes",
    "label_skew",
    "label_prior",
    "update_method",
    "old_samples",
    "updates_between",
)
# Settings that name a procedure, or weights that it is given.
_OF_ANY = ("procedure", "base_model", "base_samples")
# Settings that a procedure reads only if its constructor has a keyword argument of that name.
OPTIONAL = tuple(
    item.name
    for config in (ModelConfig, TrainingConfig, UpdateConfig)
    for item in fields(config)
    if item.name not in (*_OF_ANY, *PLANNED)
)
_GIVEN: dict[str, type] = {}


def give(cls: type) -> str:
    """Return the name of a class for settings: module:Class if other processes can import it.

    Any other class, such as one of a notebook, is registered in this process.

    Args:
        cls: a class with the methods of `Procedure`.

    Raises:
        UserError: it is no class.
    """
    if not isinstance(cls, type):
        raise UserError("procedure as a class, or as module:Class", repr(cls))
    name = f"{cls.__module__}:{cls.__qualname__}"
    if cls.__module__ != "__main__" and _found(name) is cls:
        return name
    name = f"{PREFIX}{cls.__name__}-{digest(id(cls))[:8]}"
    _GIVEN[name] = cls
    return name


def is_local(name: str) -> bool:
    """Return True if only this process has the class of a name."""
    return name.startswith(PREFIX)


def class_of(name: str) -> type:
    """Return the class of a name.

    Args:
        name: module:Class, or a name that `give` returned in this process.

    Raises:
        UserError: it cannot be imported, or is no class.
    """
    if is_local(name):
        if name in _GIVEN:
            return _GIVEN[name]
        raise UserError("--procedure that this process has", name, "Use --executor=inline.")
    try:
        importlib.import_module(name.partition(":")[0])
        found = _found(name)
    except Exception as error:  # a module of the user's may raise anything
        reason = f"{type(error).__name__}: {error}"
        raise UserError(
            "--procedure=module:Class that can be imported", f"{name} ({reason})"
        ) from error
    if not isinstance(found, type):
        received = "which the module has not" if found is None else "which is no class"
        raise UserError("--procedure=module:Class", f"{name}, {received}")
    lacking = [method for method in METHODS if not callable(getattr(found, method, None))]
    if lacking:
        raise UserError(
            "--procedure=module:Class with fit, update and predict_proba",
            f"{name} without {' and '.join(lacking)}",
        )
    return found


def settings_read(cls: type) -> tuple[str, ...]:
    """Return the names of the settings that a class reads: keyword arguments of its constructor.

    Args:
        cls: the class of a procedure, constructed with (sample shape, classes) and with them.

    Raises:
        UserError: the constructor does not take these arguments.
    """
    try:
        signature = inspect.signature(cls)
        named = tuple(name for name in OPTIONAL if name in signature.parameters)
        signature.bind((), 0, **dict.fromkeys(named))
    except (TypeError, ValueError) as error:
        raise UserError(
            "--procedure=module:Class that is constructed with (sample shape, classes) and, as "
            "keyword arguments, the flags that it reads",
            f"{cls.__module__}:{cls.__qualname__} ({error})",
        ) from error
    return named


def values_read(cls: type, party: Party) -> dict[str, Any]:
    """Return the settings that a class reads, with a party's values."""
    values = vars(party.model) | vars(party.training) | vars(party.update)
    return {name: values[name] for name in settings_read(cls)}


def refuse_unread(
    given: Mapping[str, Any], owner: str | None, adversary: str | None, prefix: str
) -> None:
    """Raise `UserError` if a flag was given that no side's procedure reads.

    Args:
        given: the flags that were given, by name.
        owner: name of the owner's procedure; None for the built-in one, which reads all.
        adversary: name of the adversary's procedure.
        prefix: prefix of the adversary's flags.
    """

    def reads(name: str, procedure: str | None) -> bool:
        return procedure is None or name in settings_read(class_of(procedure))

    for name in OPTIONAL:
        # The adversary assumes the owner's value unless her own is given.
        inherits = prefix + name not in given and reads(name, adversary)
        if name in given and not reads(name, owner) and not inherits:
            raise _unread(name, str(owner))
        if prefix + name in given and not reads(name, adversary):
            raise _unread(prefix + name, str(adversary), prefix)


def _unread(flag: str, procedure: str, prefix: str = "") -> UserError:
    return UserError(
        f"flags that the procedure {procedure} reads",
        f"--{flag}",
        f"Set it in the class, or add {flag.removeprefix(prefix)} to the keyword arguments of its "
        f"constructor; --{prefix}procedure=none is the built-in procedure, which reads it.",
    )


def _found(name: str) -> object:
    """Look a class up in a module that is imported; None if there is none."""
    module, _, path = name.partition(":")
    found: object = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found
