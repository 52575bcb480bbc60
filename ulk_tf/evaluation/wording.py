"""Words that reports share; titles of attacks, metrics and baselines come from their tables."""

from ulk_tf.evaluation.metrics_table import spaced
from ulk_tf.settings.attack_table import ATTACKS

THREAT = (
    "The adversary asks a classifier for the posteriors of her own fixed probing set, once before "
    "and once after an update, and sees nothing else. She has data like the owner's and knows "
    "how such a classifier is trained and updated, so that she can train the attack on shadow "
    "models of her own; it is scored here on target models and updates that it has never seen."
)


def attack_name(attack: str) -> str:
    """The title of an attack; of one that is not registered here, its own name."""
    return ATTACKS[attack].title if attack in ATTACKS else spaced(attack)
