"""An update's randomness: what Keras would draw, from the update's own seed alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from ulk_tf.classifiers.seeds import dropout_seed, epoch_order, is_seed, seed_state

halves = st.integers(0, 2**31 - 2)
seeds = st.tuples(halves, halves)


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(0, 20))
def test_draws_are_those_of_keras(seed: tuple[int, int], position: int) -> None:
    generator = keras.random.SeedGenerator(0)
    state = seed_state(tf.constant(seed, tf.int32), position, generator.state.dtype)
    generator.state.assign(state)
    for number in range(3):
        mask = keras.random.dropout(tf.ones([50]), 0.5, seed=generator)
        ours = tf.nn.experimental.stateless_dropout(tf.ones([50]), 0.5, dropout_seed(state, number))
        np.testing.assert_array_equal(mask, ours)


@settings(deadline=None, max_examples=50)
@given(seeds)
def test_layers_draw_differently(seed: tuple[int, int]) -> None:
    states = [
        tuple(np.asarray(seed_state(tf.constant(seed, tf.int32), position, "uint32")))
        for position in range(30)
    ]
    assert len(set(states)) == 30


def test_only_states_of_generators_are_seeds() -> None:
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.BatchNormalization(), keras.layers.Dropout(0.5)]
    )
    found = [is_seed(variable) for variable in model.non_trainable_variables]
    assert sorted(found) == [False, False, True]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_an_epoch_goes_once_through_the_set(size: int) -> None:
    seed = tf.constant([5, 7])
    orders = [np.asarray(epoch_order(seed, epoch, size)) for epoch in range(4)]
    np.testing.assert_array_equal(orders[0], np.arange(size))
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(size))
    if size == 100:
        assert len({order.tobytes() for order in orders}) == 4
        other = np.asarray(epoch_order(tf.constant([5, 8]), 2, size))
        assert not np.array_equal(other, orders[2])
    np.testing.assert_array_equal(orders[1], np.asarray(epoch_order(seed, 1, size)))
