"""Optimizers: SGD with momentum and Adam as functions of tensors, to update many models at once.

Keras' optimizers keep their slots in variables, which cannot be created in a `tf.map_fn`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from ulk_tf.settings.update_config import Optimizer

Tensors = list[tf.Tensor]


@dataclass(frozen=True)
class Step:
    """Rule of an optimizer; its slots are zero before the first step.

    Attributes:
        kind: sgd or adam.
        learning_rate: learning rate of every step.
        momentum: momentum of sgd.
    """

    kind: Optimizer
    learning_rate: float
    momentum: float

    def start(self, weights: Sequence[tf.Tensor]) -> list[Tensors]:
        """Return the slots before the first step: zeros."""
        slots = 1 if self.kind == "sgd" else 2
        return [[tf.zeros_like(w) for w in weights] for _ in range(slots)]

    def apply(
        self, number: int, weights: Tensors, gradients: Tensors, slots: list[Tensors]
    ) -> tuple[Tensors, list[Tensors]]:
        """Take one step.

        Args:
            number: number of the step, from 1.
            weights: weights before the step.
            gradients: gradients of the loss, one for each weight.
            slots: slots from `start` or from the previous step.

        Returns:
            Weights and slots after the step.
        """
        rule = _sgd if self.kind == "sgd" else _adam
        return rule(self, number, weights, gradients, slots)


def _sgd(
    step: Step, number: int, weights: Tensors, gradients: Tensors, slots: list[Tensors]
) -> tuple[Tensors, list[Tensors]]:
    """Step of SGD with momentum, as in Keras: v = m v - lr g; w = w + v."""
    if number == 1:
        velocity = [-step.learning_rate * g for g in gradients]
    else:
        pairs = zip(slots[0], gradients, strict=True)
        velocity = [step.momentum * v - step.learning_rate * g for v, g in pairs]
    return [w + v for w, v in zip(weights, velocity, strict=True)], [velocity]


def _adam(
    step: Step, number: int, weights: Tensors, gradients: Tensors, slots: list[Tensors]
) -> tuple[Tensors, list[Tensors]]:
    """Step of Adam (Kingma and Ba 2015), with the epsilon of Keras (1e-7)."""
    first = [0.9 * m + 0.1 * g for m, g in zip(slots[0], gradients, strict=True)]
    second = [0.999 * v + 0.001 * g * g for v, g in zip(slots[1], gradients, strict=True)]
    rate = step.learning_rate * (1 - 0.999**number) ** 0.5 / (1 - 0.9**number)
    moved = [
        w - rate * m / (tf.sqrt(v) + 1e-7) for w, m, v in zip(weights, first, second, strict=True)
    ]
    return moved, [first, second]
