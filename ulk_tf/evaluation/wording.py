"""Words that reports share; titles of attacks, metrics and baselines come from their tables."""

from collections.abc import Mapping
from typing import Any

from ulk_tf.evaluation.metrics_table import spaced
from ulk_tf.settings.attack_table import ATTACKS

THREAT = (
    "The adversary asks a classifier for the posteriors of her own fixed probing set, before and "
    "after an update, and sees nothing else. She has data like the owner's and knows "
    "how such a classifier is trained and updated, so that she can train the attack on shadow "
    "models of her own; it is scored here on target models and updates that it has never seen."
)

THREAT_OF_INSIDER = (
    "The adversary asks a classifier for the posteriors of her own fixed probing set, before and "
    "after an update, and sees nothing else of the update. She has the owner's base model "
    "and samples like the owner's, and knows how it is updated, so that she can train the attack "
    "on updates that she simulates; it is scored here on updates that it has never seen, of "
    "samples that are in none of hers."
)

# Fields of what a side owns; a difference in these is no assumption.
_HAD = ("samples", "base_model", "base_samples")


def threat(config: Mapping[str, Any], insider: bool = False) -> str:
    """The threat model of a run: the usual one, and what the adversary assumes otherwise.

    Args:
        config: the run's, as results.json has it.
        insider: True if the adversary has the owner's base model.
    """
    owner, adversary = (config.get(side) or {} for side in ("owner", "adversary"))
    others = [
        f"{name} {_shown(value)} (the owner's: {_shown((owner.get(part) or {}).get(name))})"
        for part, values in adversary.items()
        for name, value in values.items()
        if value != (owner.get(part) or {}).get(name) and name not in _HAD
    ]
    sentences = [THREAT_OF_INSIDER if insider else THREAT, *_asking(config)]
    samples = (adversary.get("data") or {}).get("samples")
    if samples:
        sentences.append(f"She has {samples:,} samples.")
    update = owner.get("update") or {}
    for name, words in (("dp_noise_multiplier", "noise multiplier"), ("dp_epsilon", "epsilon")):
        if update.get(name) is not None:
            sentences.append(f"The owner updates by DP-SGD with {words} {update[name]:g}.")
    defence = (owner.get("defence") or {}).get("defence")
    if defence:
        sentences.append(f"Clients see the owner's answers through a defence, {defence}.")
    if others:
        sentences.append(f"Here she assumes otherwise than the owner: {', '.join(others)}.")
    return " ".join(sentences)


def _asking(config: Mapping[str, Any]) -> list[str]:
    """How she asks, where it is not the usual: which samples, how many, how often."""
    probing = config.get("probing") or {}
    said = []
    if probing.get("n_probes"):
        said.append(f"Her probing set has {probing['n_probes']:,} samples.")
    if kind := probing.get("probes"):
        words = {"noise": "noise", "chosen": "those that tell most of her own simulated updates"}
        said.append(f"Her probes are {words.get(kind, f'samples of {kind}')}.")
    changed = probing.get("probe_noise") or probing.get("probe_shift")
    if changed or probing.get("probe_copies", 1) > 1:
        copies = probing.get("probe_copies", 1)
        number = f"in {copies} copies of each, " if copies > 1 else ""
        said.append(f"She changes her probes a little, {number}by noise or a shift.")
    if probing.get("repeat", 1) > 1:
        said.append(f"She asks for each {probing['repeat']} times, and reads the mean.")
    if queries := probing.get("extraction_queries"):
        said.append(f"Her shadow models learned from the target's answers to {queries:,} queries.")
    return said


def _shown(value: object) -> str:
    return "none" if value is None else str(value)


def attack_name(attack: str) -> str:
    """The title of an attack; of one that is not registered here, its own name."""
    return ATTACKS[attack].title if attack in ATTACKS else spaced(attack)
