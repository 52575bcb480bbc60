"""Model card of an exported attack: its purpose, its scores, its inputs and outputs, its limits."""

from collections.abc import Mapping
from typing import Any

from ulk_tf.evaluation.knowledge import is_insider, sentences
from ulk_tf.evaluation.report import held
from ulk_tf.evaluation.verdict import verdict
from ulk_tf.evaluation.wording import attack_name
from ulk_tf.settings.attack_table import ATTACKS


def render(metadata: Mapping[str, Any]) -> str:
    """Render the card as Markdown.

    Args:
        metadata: the content of `ulk.json`.
    """
    attack = metadata["attack"]
    infers = f" infers {ATTACKS[attack].infers}" if attack in ATTACKS else " reads an update"
    of, other = "shadow models", "architecture"
    if is_insider(metadata):
        of, other = "one base model", "base model"
    parts = [
        f"# {metadata['dataset']}_{attack}\n\n{attack_name(attack)}{infers}, from how a "
        "classifier's posteriors on a fixed probing set move when it is updated (Updates-Leak, "
        "arXiv 1904.01067).",
        verdict(metadata).sentence if metadata.get("gains") else "",
        _section("Warnings", "\n".join(f"- {line}" for line in metadata.get("warnings") or ())),
        _section("Inputs and outputs", _signatures(metadata["signatures"])),
        _section(
            "Probing set",
            f"`assets.extra/probing_set.npz`, array `samples`: {metadata['probing_set']['dtype']} "
            f"{metadata['probing_set']['shape']}, sha256 `{metadata['probing_set']['sha256']}`. "
            "Query both versions of the target with exactly these samples, in this order.",
        ),
        _section("Classes", ", ".join(map(str, metadata.get("class_names") or ["not named"]))),
        _section("Measured", _numbers(metadata.get("metrics"))),
        _section("Baselines", _numbers(metadata.get("baselines"))),
        _section("Gain over each baseline", _numbers(metadata.get("gains"))),
        _section("Whose attack", " ".join(sentences(metadata))),
        _section("Data inside this export", held(attack, is_insider(metadata))),
        _section(
            "Use and limits",
            "For owners of a model who want to know what its updates reveal. It was trained on "
            f"updates of {of}; against a target of another {other}, data set or update procedure "
            "the figures above do not hold. Output that looks convincing is an estimate, not "
            "evidence about a person. It needs answers of the form that it was trained on "
            f"({_form(metadata)}): from others it infers little.",
        ),
        _section(
            "Made with",
            "\n".join(f"- {name} {version}" for name, version in metadata["versions"].items())
            + "\n\nThe whole configuration is in `ulk.json`.",
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _form(metadata: Mapping[str, Any]) -> str:
    """The form of the answers that an attack was trained on, in words."""
    answers = metadata.get("answers")
    if not isinstance(answers, Mapping) or answers.get("kind") == "posteriors":
        return "exact posteriors"
    return f"{answers.get('kind')}, step {answers.get('step')}"


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _signatures(signatures: Mapping[str, Any]) -> str:
    rows = ["| signature | | name | type | shape |", "|---|---|---|---|---|"]
    for name, sides in signatures.items():
        for side in ("inputs", "outputs"):
            for label, tensor in sides[side].items():
                shape = ["batch" if size is None else size for size in tensor["shape"]]
                sizes = ", ".join(map(str, shape))
                rows.append(f"| {name} | {side[:-1]} | {label} | {tensor['dtype']} | [{sizes}] |")
    return "\n".join(rows)


def _numbers(figures: Any) -> str:
    if not isinstance(figures, Mapping):
        return ""
    rows = []
    for name, value in figures.items():
        if isinstance(value, Mapping) and "mean" in value:
            low, high, count = (value.get(key) for key in ("low", "high", "n"))
            bounds = " to ".join(f"{bound:.4g}" for bound in (low, high) if bound is not None)
            rows.append(f"| {name} | {value['mean']:.4g} | {bounds} | {count} |")
        elif isinstance(value, (int, float)):
            rows.append(f"| {name} | {value:.4g} | | |")
    return "\n".join(["| | mean | 95% interval | updates |", "|---|---|---|---|", *rows]) * bool(
        rows
    )
