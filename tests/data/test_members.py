"""Members of classes: all samples stand in for those of a class that has none."""

import numpy as np

from ulk_tf.data.members import class_means, members


def test_members_and_means_by_hand() -> None:
    random = np.random.default_rng(0)
    labels = random.choice([0, 1, 3], 40)
    samples = random.normal(size=(40, 2, 3))
    found, means = members(labels, 5), class_means(samples, labels, 5)
    assert means.shape == (5, 2, 3)
    for label in range(5):
        expected = [row for row in range(40) if labels[row] == label or label in (2, 4)]
        assert found[label].tolist() == expected
        np.testing.assert_allclose(
            means[label], sum(samples[row] for row in expected) / len(expected)
        )
