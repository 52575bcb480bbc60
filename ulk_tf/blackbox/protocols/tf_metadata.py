"""Metadata of a model at TF Serving: its version, its signatures, what they take."""

from collections.abc import Mapping
from typing import Any

from ulk_tf.blackbox.protocols.protocol import Input
from ulk_tf.blackbox.signatures import DEFAULT, choose
from ulk_tf.errors import UserError

INTEGERS = ("DT_UINT8", "DT_INT8", "DT_INT16", "DT_INT32", "DT_INT64", "DT_UINT32", "DT_UINT64")
TEXT = ("DT_STRING",)


class Metadata:
    """The answer to `.../metadata`; everything in it may be missing.

    Args:
        content: the JSON object, empty where there is none.

    Attributes:
        version: which version it is of; empty where that is not told.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        spec = content.get("model_spec")
        version = spec.get("version") if isinstance(spec, dict) else None
        told = isinstance(version, str | int) and str(version).isdecimal()
        self.version = str(version) if told else ""
        found: Any = content
        for key in ("metadata", "signature_def", "signature_def"):
            found = found.get(key) if isinstance(found, dict) else None
        self._signatures = {
            str(name): one["inputs"]
            for name, one in (found if isinstance(found, dict) else {}).items()
            if isinstance(one, dict) and _are_inputs(one.get("inputs"))
        }

    def signature(self, wanted: str | None, who: str) -> tuple[str | None, Input | None]:
        """Choose a signature.

        Args:
            wanted: the user's choice; None takes serving_default, or else the only one.
            who: the model, for messages.

        Returns:
            Its name, None where it goes without saying; and its input, None where it is not told.

        Raises:
            UserError: there is no such signature, no telling which, or it takes several inputs.
        """
        if not self._signatures:
            return wanted, None
        name = choose(self._signatures, wanted, who)
        inputs = self._signatures[name]
        if len(inputs) > 1:
            raise UserError(
                "a model with one input, which takes the samples",
                f"{who}, whose signature {name} has {len(inputs)}: {', '.join(sorted(inputs))}",
                "Serve a signature that takes only the samples and fills in the others, and name "
                "it with --signature.",
            )
        told: Mapping[str, Any] = next(iter(inputs.values()), {})
        shape = _shape(told)
        dtype = told.get("dtype")
        taken = Input(
            dtype if isinstance(dtype, str) else "",
            # A string is one file, whatever the shape of the image in it.
            None if shape is None or dtype in TEXT else shape[1:],
            shape[0] if shape else None,
        )
        return (None if name == DEFAULT and wanted is None else name), taken


def ready_version(status: Mapping[str, Any]) -> str:
    """The latest version that is available, by the answer to a model's URL; empty without one."""
    states = status.get("model_version_status")
    ready = [
        int(state["version"])
        for state in (states if isinstance(states, list) else [])
        if isinstance(state, dict)
        and state.get("state") == "AVAILABLE"
        and str(state.get("version")).isdecimal()
    ]
    return str(max(ready)) if ready else ""


def _are_inputs(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(info, dict) for info in value.values())


def _shape(told: Mapping[str, Any]) -> tuple[int | None, ...] | None:
    """A tensor's shape with its batch; None where it is not told, or of no rank."""
    shape = told.get("tensor_shape")
    sizes = shape.get("dim") if isinstance(shape, dict) and not shape.get("unknown_rank") else None
    if not isinstance(sizes, list) or not sizes:
        return None
    found = []
    for size in sizes:
        text = str(size.get("size", "")) if isinstance(size, dict) else ""
        if not text.removeprefix("-").isdecimal():
            return None
        found.append(int(text) if int(text) > 0 else None)
    return tuple(found)
