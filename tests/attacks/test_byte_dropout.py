"""Dropout from random bytes: how many values it drops, what it makes of the rest, and its seed."""

import numpy as np
import pytest
import tensorflow as tf

from ulk_tf.attacks.byte_dropout import ByteDropout


@pytest.mark.parametrize("rate", [0.2, 0.4, 0.95])
def test_a_share_of_the_values_is_dropped_and_the_mean_stays(rate: float) -> None:
    dropped = np.asarray(ByteDropout(rate, seed=1)(tf.ones((500, 401)), training=True))
    share = round(256 * rate) / 256
    # Five standard deviations of a share of 200,500 values.
    assert (dropped == 0).mean() == pytest.approx(share, abs=5 * (share * (1 - share) / 2e5) ** 0.5)
    np.testing.assert_allclose(dropped[dropped != 0], 1 / (1 - share), rtol=1e-6)


def test_answers_and_a_rate_of_nothing_leave_values_as_they_are() -> None:
    x = tf.reshape(tf.range(6.0), (2, 3))
    np.testing.assert_array_equal(ByteDropout(0.5, seed=1)(x, training=False), x)
    np.testing.assert_array_equal(ByteDropout(0.0, seed=1)(x, training=True), x)


def test_a_seed_gives_the_same_bytes_and_each_step_others() -> None:
    x = tf.ones((8, 7))
    first, again = (ByteDropout(0.5, seed=3) for _ in range(2))
    one, two = (np.asarray(first(x, training=True)) for _ in range(2))
    np.testing.assert_array_equal(again(x, training=True), one)
    assert (one != two).any()
    assert (np.asarray(ByteDropout(0.5, seed=4)(x, training=True)) != one).any()


def test_no_column_and_no_neighbour_is_dropped_together_with_another() -> None:
    kept = np.asarray(ByteDropout(0.5, seed=5)(tf.ones((4000, 8)), training=True)) > 0
    between = np.corrcoef(kept.T) - np.eye(8)
    assert np.abs(between).max() < 5 / 4000**0.5


def test_gradients_reach_what_is_kept_alone() -> None:
    layer, x = ByteDropout(0.25, seed=2), tf.Variable(tf.ones((30, 5)))
    with tf.GradientTape() as tape:
        y = layer(x, training=True)
    np.testing.assert_array_equal(tape.gradient(y, x), y)
