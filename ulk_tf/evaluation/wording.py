"""Words that reports share; titles of attacks, metrics and baselines come from their tables."""

from collections.abc import Mapping
from typing import Any

from ulk_tf.evaluation.metrics_table import spaced
from ulk_tf.settings.attack_table import ATTACKS

THREAT = (
    "The adversary asks a classifier for the posteriors of her own fixed probing set, once before "
    "and once after an update, and sees nothing else. She has data like the owner's and knows "
    "how such a classifier is trained and updated, so that she can train the attack on shadow "
    "models of her own; it is scored here on target models and updates that it has never seen."
)

THREAT_OF_INSIDER = (
    "The adversary asks a classifier for the posteriors of her own fixed probing set, once before "
    "and once after an update, and sees nothing else of the update. She has the owner's base model "
    "and samples like the owner's, and knows how it is updated, so that she can train the attack "
    "on updates that she simulates; it is scored here on updates that it has never seen, of "
    "samples that are in none of hers."
)

# What one side has is no assumption: its samples, its base model.
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
    sentences = [THREAT_OF_INSIDER if insider else THREAT]
    defence = (owner.get("defence") or {}).get("defence")
    if defence:
        sentences.append(f"Clients see the owner's answers through a defence, {defence}.")
    if others:
        sentences.append(f"Here she assumes otherwise than the owner: {', '.join(others)}.")
    return " ".join(sentences)


def _shown(value: object) -> str:
    return "none" if value is None else str(value)


def attack_name(attack: str) -> str:
    """The title of an attack; of one that is not registered here, its own name."""
    return ATTACKS[attack].title if attack in ATTACKS else spaced(attack)
