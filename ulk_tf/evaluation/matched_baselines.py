"""Shadow data clustered as A_MSR clusters, by one-for-one matching: baselines of A_MSR."""

from collections.abc import Callable
from functools import cached_property

import numpy as np
import tensorflow as tf

from ulk_tf.attacks.clustering import central_rows, in_directions, principal_directions
from ulk_tf.attacks.matching import PASSES, matched_with, random_sets
from ulk_tf.data.members import members
from ulk_tf.evaluation.msr_baselines import Sets
from ulk_tf.files import Array

# Sets with the true labels that the oracle draws anew in each pass.
ORACLE_SETS = 20


class MatchedShadow:
    """Clusterings of the adversary's own data, without and with knowledge of a set's labels.

    Args:
        shadow: float32 [n, ...].
        labels: int [n].
        seed: seed of all chance.
    """

    def __init__(self, shadow: Array, labels: Array, seed: int) -> None:
        self._shadow = np.asarray(shadow, np.float32).reshape(len(shadow), -1)
        self._labels, self._seed = np.asarray(labels), seed
        self._directions = principal_directions(self._shadow)

    def without_labels(self, start: Array) -> Sets:
        """Centroids and the samples nearest them.

        Args:
            start: first centroids, float32 [k, values].
        """
        # Fewer samples than centroids come twice.
        count = max(len(self._shadow), len(start))
        rows = np.resize(np.arange(len(self._shadow)), count)
        random = random_sets(count, len(start), tf.constant([self._seed, 11]))
        sets = [tf.gather(rows, random(tf.constant(number))) for number in range(PASSES)]
        return self._matched(tf.stack(sets), start)

    def with_labels(self, start: Array, counts: Array) -> Sets:
        """The same, matched with sets that have the true label counts.

        Args:
            start: first centroids, float32 [sum of counts, values].
            counts: int [classes].
        """
        rng = np.random.default_rng([self._seed, 12])
        known = members(self._labels, len(counts))
        drawn = [
            np.concatenate(
                [
                    rng.choice(own, (ORACLE_SETS, count))
                    for own, count in zip(known, counts, strict=True)
                ],
                1,
            )
            for _ in range(PASSES)
        ]
        return self._matched(tf.constant(np.stack(drawn), tf.int32), start)

    def _matched(self, sets: tf.Tensor, start: Array) -> Sets:
        """Match `start` with sets of rows, int32 [passes, sets, k]."""
        first = np.asarray(start, np.float32) - self._middle
        if self._directions is not None:
            first = first @ self._directions
        centroids, rows = self._matching(sets, tf.constant(first))
        return centroids.numpy(), self._shadow[rows.numpy()]

    @cached_property
    def _middle(self) -> Array:
        return self._shadow.mean(0)

    @cached_property
    def _matching(self) -> Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
        """Sets of rows and first centroids -> centroids, and rows of the samples nearest them."""
        samples = tf.constant(self._shadow)
        low = in_directions(samples, self._directions)

        @tf.function(autograph=False)
        def matching(sets: tf.Tensor, start: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            centroids, low_centroids = matched_with(
                lambda number: sets[number], samples, low, start
            )
            return centroids, central_rows(low, low_centroids)

        return matching
