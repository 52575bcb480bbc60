"""Agreement of classifiers, by hand and under noise."""

import numpy as np
import pytest

from ulk_tf.evaluation.agreement import agreement_among, agreement_with, best_by_chance


def test_one_look_at_a_noisy_classifier_agrees_less_than_its_mean() -> None:
    random = np.random.default_rng(0)
    exact = random.dirichlet(np.full(10, 2.0), 100)
    looks = exact + random.normal(0, 0.05, (50, *exact.shape))
    likeliest, (share,) = agreement_among(looks[:1], looks.mean(axis=0, keepdims=True))
    assert np.mean(exact.argmax(1) == likeliest) > 0.9
    assert share == (np.sum(looks[0].argmax(1) == likeliest) + 0.5) / 101 < 0.9


@pytest.mark.parametrize("classes", [3, 10, 60])
def test_the_best_order_is_found_and_beats_chance(classes: int) -> None:
    random = np.random.default_rng(classes)
    expected = random.integers(0, classes, 200)
    order = random.permutation(classes)
    alike, best = agreement_with(order[expected], expected)
    assert alike == np.mean(order[expected] == expected) and best == 1
    shuffled = random.permutation(expected)
    assert agreement_with(shuffled, expected)[1] <= best_by_chance(shuffled, expected) < 1
