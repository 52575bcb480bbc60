"""Logarithms: clipped where posteriors tell nothing, and centred."""

import numpy as np
import tensorflow as tf

from ulk_tf.attacks.logarithms import COARSEST, FLOOR, clipped, log_difference, logits


def test_exact_posteriors_stay_as_they_are() -> None:
    posteriors = tf.constant([[1.0, 0.0], [0.25, 0.75]])
    assert clipped(posteriors, 0.0) is posteriors
    np.testing.assert_allclose(log_difference(posteriors, posteriors[::-1])[0, 0], np.log(4))
    np.testing.assert_allclose(logits(posteriors)[0, 0], -np.log(FLOOR) / 2, rtol=1e-6)


def test_coarse_ones_are_clipped_to_their_step_and_labels_to_the_coarsest() -> None:
    posteriors = tf.constant([[1.0, 0.0]])
    np.testing.assert_allclose(clipped(posteriors, 0.01), [[1, 0.01]], rtol=1e-6)
    np.testing.assert_allclose(clipped(posteriors, 1.0), [[1, COARSEST]], rtol=1e-6)


def test_logits_are_those_of_a_softmax_but_for_their_mean() -> None:
    values = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    found = logits(tf.nn.softmax(values)).numpy()
    np.testing.assert_allclose(found, values - values.mean(-1, keepdims=True), atol=1e-5)
