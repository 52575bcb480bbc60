"""Asking a target: the flags that every command that queries one shares."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np

from ulk_tf.blackbox.protocols.paths import check_path
from ulk_tf.blackbox.protocols.table import NAMES, check_name
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.flags import Described, Flag, describe
from ulk_tf.settings.validated import Validated, flag

STORED = "stored"


@dataclass(frozen=True)
class Asking(Validated):
    """Settings by which a target is asked.

    Raises:
        UserError: a value of another type, outside its bounds, no scale, protocol or path.
    """

    protocol: str | None = flag(
        None,
        f"how a server is asked: {', '.join(NAMES)}; by default what its URL looks like",
        check=check_name,
    )
    request: str | None = flag(
        None,
        "file with the JSON of a request to any other server, where a string {{samples}} stands "
        "for the batch, {{sample}} for one sample a request, {{each}} for each sample in an item "
        "of a list; {{sample:png}} and {{sample:flat}} send PNG in base64 and rows of numbers",
    )
    answer: str | None = flag(
        None,
        "path to the scores in the answer to --request, such as result.predictions[*].scores; by "
        "default the whole answer",
        check=check_path,
    )
    signature: str | None = flag(
        None,
        "signature of a served model or SavedModel; by default serving_default, or the only one",
    )
    output: str | None = flag(
        None, "which of several outputs holds the posteriors; by default it is found"
    )
    class_names: str | None = flag(
        None,
        "the target's names of the attack's classes, in the attack's order, separated by commas; "
        "for answers that name classes otherwise than the attack",
    )
    batch: int | None = flag(None, "samples sent at once; by default what suits the target", low=1)
    scale: str = flag(
        STORED,
        "how samples are sent: stored (as the attack's data set has them), unit (bytes as 0 to "
        "1), signed (bytes as -1 to 1), or a factor such as 0.0625 or 1/16",
    )
    repeat: int = flag(
        1,
        "how often each sample is asked; the mean is used, and movement smaller than the spread of "
        "the repeats is ignored",
        low=1,
        high=1000,
    )
    max_queries: int | None = flag(
        None,
        "most samples that are sent to each version, counting repeats, those that are asked again "
        "and earlier runs",
        low=1,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scale not in _SCALES and _factor(self.scale) is None:
            raise UserError(
                f"--scale to be one of {', '.join(_SCALES)}, or a factor such as 0.0625 or 1/16",
                repr(self.scale),
            )

    def scaled(self, samples: Array) -> Array:
        """Samples as they are sent.

        Args:
            samples: [n, ...], as stored.

        Returns:
            The same array for `stored`, else float32 of the same shape.

        Raises:
            UserError: `unit` or `signed` for samples that are no bytes.
        """
        if self.scale == STORED:
            return samples
        factor = _factor(self.scale)
        if factor is not None:
            return (samples.astype(np.float64) * factor).astype(np.float32)
        if samples.dtype != np.uint8:
            raise UserError(
                f"samples of bytes (0 to 255) for --scale={self.scale}",
                f"samples of type {samples.dtype}",
                "Give a factor, such as --scale=0.01.",
            )
        whole = samples.astype(np.float64) / 255
        return (whole if self.scale == "unit" else 2 * whole - 1).astype(np.float32)

    def as_told(self) -> dict[str, str]:
        """Settings that a recording remembers: whatever can change the answers, as text."""
        return {
            "scale": self.scale,
            "signature": self.signature or "",
            "output": self.output or "",
            "repeat": str(self.repeat),
            "protocol": self.protocol or "",
            "request": _digest(self.request) if self.request else "",
            "answer": self.answer or "",
            "class_names": self.class_names or "",
        }

    def names(self, class_names: Sequence[str]) -> Sequence[str]:
        """Names of the classes as the target knows them.

        Args:
            class_names: in the order that the attack knows; empty where nobody knows them.

        Raises:
            UserError: `--class_names` are another number of names, or one of them twice.
        """
        if self.class_names is None:
            return class_names
        given = [name.strip() for name in self.class_names.split(",")]
        if len({*given}) != len(given) or (class_names and len(given) != len(class_names)):
            count = f"{len(class_names)} " if class_names else ""
            raise UserError(
                f"--class_names with {count}different names",
                f"{len({*given})} in {self.class_names!r:.80}",
                f"The attack's are {', '.join(class_names)}." if class_names else "",
            )
        return given


_SCALES = (STORED, "unit", "signed")


def asks(command: Callable[..., None], examples: Sequence[tuple[str, str]] = ()) -> Described:
    """Give a command all flags of `Asking` beside its own.

    Args:
        command: a function whose last parameter is `asking: Asking`.
        examples: pairs of arguments and their effect, for --help.

    Returns:
        The command as --help shows it; a mistake in a flag is told before the function runs.
    """
    known = describe(command)
    own = [flag for flag in known.flags({}) if flag.name != "asking"]
    hints = get_type_hints(Asking)
    shared = [
        Flag(
            item.name,
            hints[item.name],
            item.metadata["help"],
            "" if item.default is None else str(item.default),
            group="How the target is asked",
        )
        for item in fields(Asking)
    ]
    names = {flag.name for flag in shared}

    def run(**given: Any) -> None:
        asking = Asking(**{name: value for name, value in given.items() if name in names})
        command(**{name: v for name, v in given.items() if name not in names}, asking=asking)

    return Described(run, known.summary, lambda _: [*own, *shared], examples)


def _digest(file: str) -> str:
    """Name and digest of a template: its content may hold what is nobody else's business."""
    path = Path(file).expanduser()
    try:
        return f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
    except OSError:
        return path.name


def _factor(text: str) -> float | None:
    """A positive number, or a fraction of two; None for anything else."""
    number = r"\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+"
    match = re.fullmatch(rf"({number})(?:/({number}))?", text.strip().lower())
    if match is None:
        return None
    above, below = float(match[1]), float(match[2] or 1)
    factor = above / below if below else 0.0
    return factor if 0 < factor < float("inf") else None
