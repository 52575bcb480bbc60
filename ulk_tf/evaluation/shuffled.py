"""The shuffled-input ablation: the attack itself, fed another update's posteriors."""

from ulk_tf.evaluation.asked import Asked
from ulk_tf.evaluation.predictions import others, predictions
from ulk_tf.files import Array


def shuffled(asked: Asked) -> Array:
    """The attack's answers when it is fed another update's posteriors: a baseline."""
    answers = predictions(asked.trained.attack, asked.updates, others(asked.updates))
    return answers[asked.output]
