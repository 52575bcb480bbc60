"""Finished sets: from as many generated samples as asked for, in the shares they come in."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from ulk_tf.attacks.bm_gan import GENERATED_AT_ONCE
from ulk_tf.attacks.reconstruction import (
    CLUSTERINGS,
    Clustering,
    reconstruct_sets,
    to_be_clustered,
)

SEEDS = tf.constant([[0, 1], [0, 2], [0, 3]])
CORNER = 9.0


def stand_in() -> Any:
    """A stand-in for BM-GAN: as many samples in a corner as `before` says, the rest on a line."""

    def generate(pair: Any, samples: int, seeds: tf.Tensor) -> tf.Tensor:
        share = pair["before"][:, :1, :1]
        drawn = tf.random.stateless_uniform((1, samples, 2), seeds[0])
        where = tf.random.stateless_uniform((1, samples, 1), seeds[0] + 1)
        return tf.where(where < share, CORNER + drawn * [0, 0.8], (drawn * 8 - 4) * [1, 0])

    return SimpleNamespace(generate=generate, generator=SimpleNamespace(output_shape=(None, 2)))


def _pair(*shares: float) -> dict[str, tf.Tensor]:
    before = tf.constant(shares)[:, None, None] * tf.ones((1, 2, 2))
    return {"before": before, "after": before}


def _reconstructed(name: Any, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centroids, samples, and all that was generated for one set."""
    pair, seed = _pair(share), SEEDS[:1]
    run = tf.function(
        lambda: reconstruct_sets(stand_in(), pair, seed, 4, (2,), Clustering(name, 400))
    )
    answer = run()
    pool = to_be_clustered(stand_in(), pair, seed, 400)
    return answer["centroids"][0].numpy(), answer["samples"][0].numpy(), pool.numpy()


def test_matched_centroids_keep_to_the_shares_that_k_means_does_not() -> None:
    found = {}
    for name in CLUSTERINGS:
        centroids, _, pool = _reconstructed(name, 0.75)
        found[name] = abs(centroids.mean(0) - pool.mean(0)).max()
    assert found["matched"] < 0.3 * found["kmeans"]


@pytest.mark.parametrize("name", CLUSTERINGS)
def test_samples_are_those_that_were_generated_nearest_the_centroids(name: Any) -> None:
    centroids, samples, pool = _reconstructed(name, 0.5)
    apart = ((pool[:, None] - centroids) ** 2).sum(-1)
    np.testing.assert_array_equal(samples, pool[apart.argmin(0)])


@pytest.mark.parametrize("total", [4, GENERATED_AT_ONCE, GENERATED_AT_ONCE + 400])
def test_as_many_are_generated_as_asked_for_none_of_them_twice(total: int) -> None:
    pool = to_be_clustered(stand_in(), _pair(0.5), SEEDS[:1], total).numpy()
    assert pool.shape == (total, 2)
    assert len(np.unique(pool, axis=0)) == total
