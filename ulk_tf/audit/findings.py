"""What an attack's output means, as a sentence, as JSON and as a picture; by the output's name."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.audit import pictures
from ulk_tf.audit.audit import Finding
from ulk_tf.errors import UserError
from ulk_tf.evaluation import report, wording
from ulk_tf.files import Array

SHOWN_CLASSES = 5
# Baselines that are told nothing of the update: an attack that is no better read nothing from it.
UNINFORMED = frozenset(
    {
        "mean_sample",
        "matched_shadow",
        "most_frequent_label",
        "prior",
        "random_histogram",
        "random_samples",
        "shadow_clustering",
        "shuffled",
        "uniform",
    }
)


@dataclass(frozen=True)
class Told:
    """One attack's finding, said.

    Attributes:
        sentence: for people.
        result: for programs.
        draw: makes the picture.
        caption: of the picture.
        caution: for people: how far to trust the sentence.
        measured: `metrics` and `baselines` of the attack on targets that it had not seen.
    """

    sentence: str
    result: Mapping[str, Any]
    draw: Callable[[Path], None]
    caption: str
    caution: str = ""
    measured: Mapping[str, Any] = field(default_factory=dict)


def tell(finding: Finding) -> Told:
    """Say what an attack found, by the name of its output.

    Raises:
        UserError: it has no output that is known.
    """
    metadata, where = finding.attack.metadata, finding.attack.path
    for name, teller in TELLERS.items():
        if name in finding.outputs:
            value, names = finding.outputs[name], finding.attack.class_names
            if not _fits(name, value, len(names)):
                raise UserError(
                    f"a {name} for {len(names)} classes", f"shape {list(value.shape)} of {where}"
                )
            told = teller(value, names)
            known = measured(metadata)
            return replace(told, caution=_caution(metadata, known), measured=known)
    raise UserError(
        f"an attack that answers one of {', '.join(TELLERS)}",
        f"{', '.join(finding.outputs)} from {where}",
    )


def measured(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The `metrics` and `baselines` in an export's ulk.json that are whole estimates."""
    return {
        group: {
            name: value
            for name, value in _mapping(metadata.get(group)).items()
            if all(_number(_mapping(value).get(key)) for key in ("mean", "low", "high", "n"))
        }
        for group in ("metrics", "baselines")
    }


def _caution(metadata: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """For what the attack was trained, how well it did, and whether that is better than nothing."""
    size = set_size(metadata)
    said = [] if size is None else [f"The attack assumes an updating set of {size}."]
    if not known["metrics"]:
        return " ".join([*said, "How well it does is not told."])
    said.append(f"On targets that it had not seen: {report.headline(known)}")
    name, own = next(iter(known["metrics"].items()))
    sign = -1 if wording.metric(name).less_is_better else 1
    beaten_by = [
        wording.baseline(other)[0].lower()
        for other in sorted(UNINFORMED)
        if f"{name}:{other}" in known["baselines"]
        and sign * own["mean"] <= sign * known["baselines"][f"{name}:{other}"]["mean"]
    ]
    if beaten_by:
        said.append(
            f"That is no better than {', '.join(beaten_by)}, which read nothing from the update: "
            "take this answer for a guess."
        )
    return " ".join(said)


def _fits(name: str, value: Array, classes: int) -> bool:
    """Whether an output has the shape of its kind: classes, or samples that can be drawn."""
    if name.startswith("label"):
        return value.shape == (classes,)
    shape = value.shape[1:] if name == "samples" else value.shape
    return 0 not in value.shape and (len(shape) == 1 or (len(shape) == 3 and shape[2] in (1, 3)))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _label(probabilities: Array, names: list[str]) -> Told:
    order = np.argsort(-probabilities)
    first = names[order[0]]
    likely = {names[i]: float(probabilities[i]) for i in order[:SHOWN_CLASSES]}
    return Told(
        f"The sample that the model was updated with is of class {first} (with "
        f"{probabilities[order[0]]:.0%} by the attack's own estimate).",
        {"label": first, "probabilities": likely},
        lambda path: pictures.bars(path, names, probabilities, "probability"),
        "Probability of each label",
    )


def _distribution(distribution: Array, names: list[str]) -> Told:
    order = np.argsort(-distribution)
    common = ", ".join(f"{names[i]} ({distribution[i]:.0%})" for i in order[:3])
    return Told(
        f"The most frequent labels of the updating set are {common}.",
        {"distribution": dict(zip(names, map(float, distribution), strict=True))},
        lambda path: pictures.bars(path, names, distribution, "share of the updating set"),
        "Estimated label distribution of the updating set",
    )


def _sample(sample: Array, _: list[str]) -> Told:
    return Told(
        "This is the attack's reconstruction of the sample that the model was updated with.",
        {"shape": list(sample.shape), "array": "ssr_sample"},
        lambda path: pictures.tiles(path, sample[np.newaxis]),
        "Reconstructed sample",
    )


def _samples(samples: Array, _: list[str]) -> Told:
    shown = min(len(samples), pictures.MAX_TILES)
    return Told(
        f"These are {len(samples)} samples that the attack reconstructs, one for each sample of "
        "the updating set, in no order.",
        {"shape": list(samples.shape), "array": "msr_samples"},
        lambda path: pictures.tiles(path, samples),
        f"Reconstructed updating set ({shown} of {len(samples)} samples)",
    )


TELLERS: dict[str, Callable[[Array, list[str]], Told]] = {
    "label_probabilities": _label,
    "label_distribution": _distribution,
    "sample": _sample,
    "samples": _samples,
}


def set_size(metadata: Mapping[str, Any]) -> int | None:
    """For how many samples in an updating set an attack was trained, where it is told."""
    config = _mapping(metadata.get("config"))
    found = _mapping(config.get("update", config)).get("set_size")
    return found if isinstance(found, int) else None
