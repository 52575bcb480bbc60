"""Movement and confidence, against slow versions."""

import numpy as np
import pytest

from ulk_tf.evaluation.movement import mean_confidence, mean_movement


def test_movement_is_the_mean_total_variation() -> None:
    rng = np.random.default_rng(0)
    before, after = rng.dirichlet(np.ones(3), (2, 5))
    slow = np.mean([0.5 * sum(abs(a - b)) for a, b in zip(before, after, strict=True)])
    assert mean_movement(before, after) == pytest.approx(slow)
    many = mean_movement(np.stack([before, after]), np.stack([after, after]))
    assert many == pytest.approx([slow, 0.0])
    assert mean_movement(np.eye(3), np.roll(np.eye(3), 1, 0)) == 1.0


def test_confidence_is_the_mean_largest_posterior() -> None:
    assert mean_confidence(np.array([[0.5, 0.5], [0.1, 0.9]])) == pytest.approx(0.7)
    assert mean_confidence(np.full((3, 2, 4), 0.25, np.float32)).shape == (3,)
