"""Losses of a generated set: against slow versions, and what each of them asks for."""

import numpy as np
import pytest
import tensorflow as tf

from ulk_tf.attacks.set_losses import best_match, energy, squared_distances


def test_best_match_equals_a_slow_version() -> None:
    rng = np.random.default_rng(0)
    real, generated = rng.random((3, 5, 7)), rng.random((3, 9, 7))
    slow = [
        np.mean([min(np.mean((x - g) ** 2) for g in fakes) for x in reals])
        for reals, fakes in zip(real, generated, strict=True)
    ]
    found = best_match(tf.constant(real, tf.float32), tf.constant(generated, tf.float32))
    np.testing.assert_allclose(found, slow, rtol=1e-5)


def test_best_match_asks_for_every_real_sample_and_forgives_surplus() -> None:
    real = tf.constant([[[0.0, 0.0], [1.0, 1.0]]])
    covering = tf.constant([[[0.0, 0.0], [1.0, 1.0], [0.5, 0.5]]])
    collapsed = tf.constant([[[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]])
    assert float(best_match(real, covering)[0]) == pytest.approx(0, abs=1e-6)
    assert float(best_match(real, collapsed)[0]) == pytest.approx(0.5)


def test_energy_equals_a_slow_version() -> None:
    rng = np.random.default_rng(0)
    real, generated = rng.random((3, 5, 7)), rng.random((3, 9, 7))

    def mean(left: np.ndarray, right: np.ndarray) -> float:
        pairs = [(x, y) for x in left for y in right if x is not y and not np.array_equal(x, y)]
        return float(np.mean([np.sqrt(np.mean((x - y) ** 2)) for x, y in pairs]))

    slow = [mean(x, g) - mean(g, g) / 2 for x, g in zip(real, generated, strict=True)]
    found = energy(tf.constant(real, tf.float32), tf.constant(generated, tf.float32))
    np.testing.assert_allclose(found, slow, rtol=1e-4)


def test_energy_is_least_where_samples_are_distributed_alike() -> None:
    normal = [tf.random.stateless_normal((4, 60, 6), (0, number)) for number in range(2)]
    alike, *others = (
        float(tf.reduce_mean(energy(normal[0], scale * normal[1] + shift)))
        for scale, shift in ((1.0, 0.0), (0.5, 0.0), (0.1, 0.0), (2.0, 0.0), (1.0, 0.5))
    )
    assert alike < min(others)
    # Best match is best where generated samples are drawn together.
    near, spread = (float(tf.reduce_mean(best_match(normal[0], s * normal[1]))) for s in (0.7, 1.0))
    assert near < spread


def test_equal_samples_have_an_energy_with_a_slope() -> None:
    same = tf.ones((1, 4, 3))
    with tf.GradientTape() as tape:
        tape.watch(same)
        value = energy(tf.ones((1, 4, 3)), same)
    assert np.isfinite(value).all()
    assert np.isfinite(tape.gradient(value, same)).all()


def test_squared_distances_are_never_negative() -> None:
    same = tf.random.stateless_normal((1, 50, 30), (1, 2)) * 100
    assert float(tf.reduce_min(squared_distances(same, same))) >= 0
