"""Findings of an audit as sentences, JSON and pictures, by the name of an attack's output."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.answers.numbers import is_number
from ulk_tf.auditing import pictures
from ulk_tf.auditing.finding import Finding
from ulk_tf.errors import UserError
from ulk_tf.evaluation import report
from ulk_tf.evaluation.baselines_table import baseline, uninformed
from ulk_tf.evaluation.metrics_table import metric, spaced
from ulk_tf.evaluation.outputs import OUTPUTS
from ulk_tf.evaluation.verdict import unmeasured, verdict
from ulk_tf.files import Array
from ulk_tf.settings.attack_table import imported

SHOWN_CLASSES = 5
# Values of an unknown output that a sentence states.
SHOWN_VALUES = 5


@dataclass(frozen=True)
class Told:
    """Finding of one attack in words.

    Attributes:
        sentence: for people.
        result: for programs.
        draw: makes the picture.
        caption: of the picture.
        caution: for people: how far to trust the sentence.
        measured: `metrics`, `baselines` and `gains` of the attack on targets that it had not
            seen, see `measured`.
    """

    sentence: str
    result: Mapping[str, Any]
    draw: Callable[[Path], None]
    caption: str
    caution: str = ""
    measured: Mapping[str, Any] = field(default_factory=dict)


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
    if name in OUTPUTS:
        told: Told = imported(OUTPUTS[name].tell)(value, names)
    else:
        told = _numbers(finding.attack.name, name, value)
    known = measured(metadata)
    return replace(told, caution=_caution(metadata, known), measured=known)


def _output(metadata: Mapping[str, Any], outputs: Mapping[str, Array]) -> str:
    """The output that is told: the one the export names, a known one, or the first."""
    wanted = [metadata.get("output"), *OUTPUTS]
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


def measured(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The `metrics`, `baselines` and `gains` in an export's ulk.json that are whole estimates.

    `attack`, `doubts` and `seen` are beside them, so that a verdict can be made from all.
    """
    found: dict[str, Any] = {
        group: {
            name: value
            for name, value in _mapping(metadata.get(group)).items()
            if all(is_number(_mapping(value).get(key)) for key in ("mean", "low", "high", "n"))
        }
        for group in ("metrics", "baselines", "gains")
    }
    doubts = metadata.get("doubts")
    return found | {
        "attack": metadata.get("attack"),
        "doubts": [str(one) for one in doubts] if isinstance(doubts, list) else [],
        "seen": _seen(metadata),
    }


def _seen(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What the attack scored on held-out updates, as far as it is whole."""
    tenths = _mapping(_mapping(metadata.get("seen")).get("score_by_tenth"))
    values, chance = tenths.get("values"), tenths.get("chance")
    whole = isinstance(values, list) and all(one is None or is_number(one) for one in values)
    return (
        {"score_by_tenth": dict(tenths)} if whole and (chance is None or is_number(chance)) else {}
    )


def _caution(metadata: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """Say for what the attack was trained, how well it did, and whether a guess does as well."""
    size = set_size(metadata)
    said = [] if size is None else [f"The attack assumes an updating set of {size}."]
    # Doubts do not take back what was shown.
    why = "" if verdict(known).state == "shown" else unmeasured(known)
    if why:
        said.insert(0, f"Take this answer for a guess: {why.rstrip('.')}.")
    if not known["metrics"]:
        return " ".join([*said, "How well it does is not told."])
    said.append(f"On targets that it had not seen: {report.headline(known)}")
    name, own = next(iter(known["metrics"].items()))
    sign = -1 if metric(name).less_is_better else 1
    beaten_by = [
        baseline(other).title.lower()
        for other in sorted(uninformed())
        if f"{name}:{other}" in known["baselines"]
        and sign * own["mean"] <= sign * known["baselines"][f"{name}:{other}"]["mean"]
    ]
    if beaten_by:
        said.append(
            f"That is no better than {', '.join(beaten_by)}, which read nothing from the update: "
            "take this answer for a guess."
        )
    return " ".join(said)


def _has_its_shape(name: str, value: Array, classes: int) -> bool:
    """Tell whether an output has the shape of its kind: classes, or samples that can be drawn."""
    if name not in OUTPUTS:
        return value.size > 0
    if name.startswith("label"):
        return value.shape == (classes,)
    shape = value.shape[1:] if name == "samples" else value.shape
    return 0 not in value.shape and (len(shape) == 1 or (len(shape) == 3 and shape[2] in (1, 3)))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def tell_label(probabilities: Array, names: list[str]) -> Told:
    """Tell the label of the one sample."""
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


def tell_distribution(distribution: Array, names: list[str]) -> Told:
    """Tell the commonest labels of a set."""
    order = np.argsort(-distribution)
    common = ", ".join(f"{names[i]} ({distribution[i]:.0%})" for i in order[:3])
    return Told(
        f"The most frequent labels of the updating set are {common}.",
        {"distribution": dict(zip(names, map(float, distribution), strict=True))},
        lambda path: pictures.bars(path, names, distribution, "share of the updating set"),
        "Estimated label distribution of the updating set",
    )


def tell_sample(sample: Array, _: list[str]) -> Told:
    """Show the one sample."""
    return Told(
        "This is the attack's reconstruction of the sample that the model was updated with.",
        {"shape": list(sample.shape), "array": "ssr_sample"},
        lambda path: pictures.tiles(path, sample[np.newaxis]),
        "Reconstructed sample",
    )


def tell_samples(samples: Array, _: list[str]) -> Told:
    """Show the samples of a set."""
    shown = min(len(samples), pictures.MAX_TILES)
    return Told(
        f"These are {len(samples)} samples that the attack reconstructs, one for each sample of "
        "the updating set, in no order.",
        {"shape": list(samples.shape), "array": "msr_samples"},
        lambda path: pictures.tiles(path, samples),
        f"Reconstructed updating set ({shown} of {len(samples)} samples)",
    )


def set_size(metadata: Mapping[str, Any]) -> int | None:
    """Samples in an updating set for which an attack was trained; None where it is not told."""
    config = _mapping(metadata.get("config"))
    # The attack was trained on updates as the adversary assumes them.
    party = _mapping(config.get("adversary", config))
    found = _mapping(party.get("update", party)).get("set_size")
    return found if isinstance(found, int) else None
