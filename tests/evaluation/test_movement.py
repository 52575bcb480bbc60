"""Movement and confidence, against sums written out."""

import numpy as np

from ulk_tf.evaluation.movement import mean_confidence, mean_movement, total_variation


def test_against_loops():
    random = np.random.default_rng(0)
    before, after = (random.dirichlet(np.ones(4), (3, 5)).astype(np.float32) for _ in range(2))
    for update in range(3):
        distances = [
            sum(abs(float(x) - float(y)) for x, y in zip(a, b, strict=True)) / 2
            for a, b in zip(before[update], after[update], strict=True)
        ]
        tops = [max(map(float, probe)) for probe in before[update]]
        np.testing.assert_allclose(total_variation(before, after)[update], distances)
        np.testing.assert_allclose(mean_movement(before, after)[update], sum(distances) / 5)
        np.testing.assert_allclose(mean_confidence(before)[update], sum(tops) / 5)
    assert mean_movement(before[0], after[0]).shape == ()
