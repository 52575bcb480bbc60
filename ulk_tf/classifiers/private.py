"""Private gradients of DP-SGD: one gradient for each sample, clipped, averaged, made noisy.

They stand between the gradients and the optimizer of an update (Abadi et al. 2016, algorithm 1).
"""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.classifiers.seeds import is_seed
from ulk_tf.errors import UserError
from ulk_tf.settings.privacy import Privacy

Tensors = list[tf.Tensor]


def private_average(
    privacy: Privacy, gradients: Sequence[tf.Tensor], seed: tf.Tensor, number: int
) -> Tensors:
    """Clip the gradients of single samples, and average them with noise.

    Args:
        privacy: clipping norm and noise multiplier.
        gradients: for each weight, its gradients by sample, float32 [n, ...].
        seed: seed of the update, int32 [2].
        number: number of the step, from 0.

    Returns:
        For each weight, a gradient of its own shape.
    """
    count = gradients[0].shape[0]
    squares = [tf.reduce_sum(tf.reshape(g, [count, -1]) ** 2, -1) for g in gradients]
    norms = tf.sqrt(tf.add_n(squares))
    factors = tf.minimum(1.0, privacy.clip / tf.maximum(norms, 1e-30))
    deviation = privacy.clip * privacy.noise_multiplier
    averages = []
    for place, gradient in enumerate(gradients):
        total = tf.tensordot(factors, gradient, 1)
        draw = tf.random.experimental.stateless_fold_in(seed, number * len(gradients) + place)
        noise = tf.random.stateless_normal(total.shape, draw)
        averages.append((total + deviation * noise) / count)
    return averages


def refuse_without_gradients(model: keras.Model, plain: bool, shape: tuple[int, ...]) -> None:
    """Raise `UserError` unless a model has a gradient for each sample of a batch.

    Args:
        model: a built classifier.
        plain: True if its update is gradients of cross-entropy and a plain rule; see `is_plain`.
        shape: shape of one sample.

    Raises:
        UserError: it has none: its loss or its optimizer do more, or a sample's answer in
            training depends on others of its batch (BatchNormalization).
    """
    if not plain:
        raise UserError(
            "for DP-SGD, a target with cross-entropy as its only loss, SGD or Adam, and float32",
            f"{model.name}, whose update does more than that",
        )
    rng = np.random.default_rng(0)
    first, *others = (rng.uniform(0, 255, shape).astype(np.float32) for _ in range(3))
    trainable = [variable.value for variable in model.trainable_variables]
    fixed = [variable.value for variable in model.non_trainable_variables]
    answers = [
        np.asarray(
            model.stateless_call(trainable, fixed, np.stack([first, other]), training=True)[0]
        )[0]
        for other in others
    ]
    if not np.allclose(answers[0], answers[1], rtol=1e-4, atol=1e-6):
        raise UserError(
            "a target without layers that mix the samples of a batch, for DP-SGD",
            f"{model.name}, in which one sample changes the answer to another",
            "Use GroupNormalization or LayerNormalization instead of BatchNormalization, or freeze "
            "it.",
        )


def moved_state(model: keras.Model, fixed: Tensors, number: int) -> Tensors:
    """Return non-trainable variables with each seed generator moved on to step `number`."""
    return [
        value + tf.constant([0, number], value.dtype) if is_seed(variable) else value
        for variable, value in zip(model.non_trainable_variables, fixed, strict=True)
    ]
