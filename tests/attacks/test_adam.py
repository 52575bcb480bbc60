"""Adam in one kernel is Keras' Adam."""

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.attacks.adam import OneKernelAdam


def _after(kind: type, steps: int) -> tuple[list[np.ndarray], keras.optimizers.Optimizer]:
    rng = np.random.default_rng(0)
    weights = [keras.Variable(rng.normal(0, 1, shape)) for shape in ((3, 4), (4,))]
    rate = keras.optimizers.schedules.CosineDecay(0.1, 8, alpha=0.02)
    optimizer = kind(rate, beta_1=0.5)
    optimizer.build(weights)
    step = tf.function(lambda gradients: optimizer.apply(gradients, weights))
    for _ in range(steps):
        step([tf.constant(rng.normal(0, 1, w.shape), tf.float32) for w in weights])
    return [np.array(value) for value in weights + optimizer.variables], optimizer


def test_weights_and_slots_are_those_of_keras_through_a_schedule() -> None:
    ours, optimizer = _after(OneKernelAdam, 6)
    theirs, reference = _after(keras.optimizers.Adam, 6)
    assert len(optimizer.variables) == len(reference.variables)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
