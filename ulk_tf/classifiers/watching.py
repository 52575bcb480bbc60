"""One call of a model, watched: which losses it adds, and what it assigns."""

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf


@dataclass(frozen=True)
class Seen:
    """Outcome of a watched call.

    Attributes:
        answers: of the model.
        losses: that layers and their weights added.
        moved: paths of trainable variables that the call itself assigned.
        unknown: paths of variables that it assigned and that no layer holds.
    """

    answers: tf.Tensor
    losses: list[tf.Tensor]
    moved: tuple[str, ...]
    unknown: tuple[str, ...]


class _Scope(keras.StatelessScope):
    """Keeps variables as they are, and notes which ones a call would assign."""

    def __init__(self, known: list[keras.Variable]) -> None:
        super().__init__([(variable, variable.value) for variable in known], collect_losses=True)
        self.assigned: list[keras.Variable] = []

    def add_update(self, update: tuple[keras.Variable, Any]) -> None:
        self.assigned.append(update[0])
        super().add_update(update)


def watched_call(model: keras.Model, samples: tf.Tensor, training: bool = True) -> Seen:
    """Call a model, eagerly or in a graph; its variables stay as they are.

    Args:
        model: a built classifier.
        samples: [n, ...].
        training: whether dropout and the like are active.
    """
    trained = {id(variable) for variable in model.trainable_variables}
    known = [*model.trainable_variables, *model.non_trainable_variables, *model.metrics_variables]
    with _Scope(known) as scope:
        answers = model(samples, training=training)
        losses = list(model.losses)
    held = {id(variable) for variable in known}
    moved = {variable.path for variable in scope.assigned if id(variable) in trained}
    unknown = {variable.path for variable in scope.assigned if id(variable) not in held}
    return Seen(answers, losses, tuple(sorted(moved)), tuple(sorted(unknown)))
