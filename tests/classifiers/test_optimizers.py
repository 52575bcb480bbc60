"""The optimizers' rules, step by step against those of Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ulk_tf.classifiers.optimizers import Step

START = [np.array([[1.0, -2.0], [0.5, 0.0]], np.float32), np.array([3.0], np.float32)]


def optimizer_of_keras(kind: str, rate: float, momentum: float) -> keras.optimizers.Optimizer:
    if kind == "sgd":
        return keras.optimizers.SGD(rate, momentum)
    return keras.optimizers.Adam(rate)


@pytest.mark.parametrize(
    ("kind", "rate", "momentum"),
    [("sgd", 0.1, 0.9), ("sgd", 0.1, 0.0), ("sgd", 0.0, 0.9), ("adam", 0.01, 0.9)],
)
def test_ten_steps_are_those_of_keras(kind: str, rate: float, momentum: float) -> None:
    rng = np.random.default_rng(0)
    theirs = [keras.Variable(start) for start in START]
    optimizer = optimizer_of_keras(kind, rate, momentum)
    step = Step(kind, rate, momentum)
    ours = [tf.constant(start) for start in START]
    slots = step.start(ours)
    for number in range(1, 11):
        gradients = [rng.normal(size=w.shape).astype(np.float32) * 10.0**-number for w in START]
        optimizer.apply([tf.constant(g) for g in gradients], theirs)
        ours, slots = step.apply(number, ours, [tf.constant(g) for g in gradients], slots)
        for own, their in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(own, their, rtol=1e-5, atol=1e-7)
    moved = [np.abs(own - start).max() for own, start in zip(ours, START, strict=True)]
    assert min(moved) > 0 if rate else max(moved) == 0


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_every_update_begins_without_memory(kind: str) -> None:
    step = Step(kind, 0.1, 0.9)
    weights = [tf.constant(start) for start in START]
    assert all(not np.any(slot) for part in step.start(weights) for slot in part)
    # The first step leaves out what a slot would add; it must come to the same.
    gradients = [tf.ones_like(w) for w in weights]
    first, _ = step.apply(1, weights, gradients, step.start(weights))
    theirs = [keras.Variable(start) for start in START]
    optimizer_of_keras(kind, 0.1, 0.9).apply(gradients, theirs)
    for own, their in zip(first, theirs, strict=True):
        np.testing.assert_allclose(own, their, rtol=1e-5, atol=1e-6)
