"""Words for a finding: its sentence, JSON and picture, by the name of the attack's output."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ulk_tf.auditing import pictures
from ulk_tf.auditing.assumed import assumed
from ulk_tf.auditing.caution import caution
from ulk_tf.auditing.finding import Finding
from ulk_tf.auditing.measured import measured
from ulk_tf.auditing.telling import TELL
from ulk_tf.auditing.told import Told
from ulk_tf.errors import UserError
from ulk_tf.evaluation.metrics_table import spaced
from ulk_tf.files import Array

# Values of an unknown output that a sentence states.
SHOWN_VALUES = 5


def tell(finding: Finding) -> Told:
    """Put what an attack found into words, by the name of its output.

    An output that is in no table is told by a sentence that states its numbers.

    Raises:
        UserError: its shape is not that of its kind.
    """
    metadata, where = finding.attack.metadata, finding.attack.path
    name = _output(metadata, finding.outputs)
    value, names = finding.outputs[name], finding.attack.class_names
    if not _has_its_shape(name, value, len(names)):
        raise UserError(
            f"an output {name} for {len(names)} classes", f"shape {list(value.shape)} of {where}"
        )
    if name in TELL:
        told = TELL[name](value, names, assumed(metadata))
    else:
        told = _numbers(finding.attack.name, name, value)
    known = measured(metadata)
    return replace(told, caution=caution(metadata, known, name), measured=known)


def _output(metadata: Mapping[str, Any], outputs: Mapping[str, Array]) -> str:
    """The output that is told: the one the export names, a known one, or the first."""
    wanted = [metadata.get("output"), *TELL]
    return next((str(name) for name in wanted if name in outputs), next(iter(outputs)))


def _numbers(attack: str, name: str, value: Array) -> Told:
    flat = np.asarray(value, np.float64).reshape(-1)
    shown = ", ".join(f"{one:.4g}" for one in flat[:SHOWN_VALUES])
    more = f" and {len(flat) - SHOWN_VALUES} more" if len(flat) > SHOWN_VALUES else ""
    title = spaced(name)
    return Told(
        f"{title}, as the attack {attack} answers: {shown}{more}.",
        {"output": name, "shape": list(value.shape), "values": flat[:SHOWN_VALUES].tolist()},
        lambda path: pictures.bars(
            path, [str(number) for number in range(len(flat))], flat, title.lower()
        ),
        title,
    )


def _has_its_shape(name: str, value: Array, classes: int) -> bool:
    """Tell whether an output has the shape of its kind: classes, or samples that can be drawn."""
    if name not in TELL:
        return value.size > 0
    if name.startswith("label"):
        return value.shape == (classes,)
    shape = value.shape[1:] if name == "samples" else value.shape
    return 0 not in value.shape and (len(shape) == 1 or (len(shape) == 3 and shape[2] in (1, 3)))
