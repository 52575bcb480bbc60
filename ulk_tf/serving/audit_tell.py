"""What an attack's output means, as a sentence, as JSON and as a picture; by the output's name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.files import Array
from ulk_tf.serving import audit_figures
from ulk_tf.serving.audit import Finding

SHOWN_CLASSES = 5


@dataclass(frozen=True)
class Told:
    """One attack's finding, said.

    Attributes:
        sentence: for people.
        result: for programs.
        draw: makes the picture.
        caption: of the picture.
    """

    sentence: str
    result: Mapping[str, Any]
    draw: Callable[[Path], None]
    caption: str


def tell(finding: Finding) -> Told:
    """Say what an attack found, by the name of its output."""
    for name, teller in TELLERS.items():
        if name in finding.outputs:
            return teller(finding.outputs[name], finding.attack.class_names)
    raise KeyError(f"none of {', '.join(TELLERS)} in {', '.join(finding.outputs)}")


def _label(probabilities: Array, names: list[str]) -> Told:
    order = np.argsort(-probabilities)
    first = names[order[0]]
    likely = {names[i]: float(probabilities[i]) for i in order[:SHOWN_CLASSES]}
    return Told(
        f"The sample that the model was updated with is of class {first} (with "
        f"{probabilities[order[0]]:.0%} by the attack's own estimate).",
        {"label": first, "probabilities": likely},
        lambda path: audit_figures.bars(path, names, probabilities, "probability"),
        "Probability of each label",
    )


def _distribution(distribution: Array, names: list[str]) -> Told:
    order = np.argsort(-distribution)
    common = ", ".join(f"{names[i]} ({distribution[i]:.0%})" for i in order[:3])
    return Told(
        f"The most frequent labels of the updating set are {common}.",
        {"distribution": dict(zip(names, map(float, distribution), strict=True))},
        lambda path: audit_figures.bars(path, names, distribution, "share of the updating set"),
        "Estimated label distribution of the updating set",
    )


def _sample(sample: Array, _: list[str]) -> Told:
    return Told(
        "This is the attack's reconstruction of the sample that the model was updated with.",
        {"shape": list(sample.shape), "array": "ssr_sample"},
        lambda path: audit_figures.tiles(path, sample[np.newaxis]),
        "Reconstructed sample",
    )


def _samples(samples: Array, _: list[str]) -> Told:
    shown = min(len(samples), audit_figures.MAX_TILES)
    return Told(
        f"These are {len(samples)} samples that the attack reconstructs, one for each sample of "
        "the updating set, in no order.",
        {"shape": list(samples.shape), "array": "msr_samples"},
        lambda path: audit_figures.tiles(path, samples),
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
    config = metadata.get("config")
    update = config.get("update", config) if isinstance(config, Mapping) else None
    found = update.get("set_size") if isinstance(update, Mapping) else None
    return found if isinstance(found, int) else None
