"""Shadow data clustered as A_MSR clusters, by one-for-one matching: baselines of A_MSR."""

import numpy as np
import tensorflow as tf

from ulk_tf.attacks.clustering import central_samples, principal_directions
from ulk_tf.attacks.matching import matched_centroids, matched_with
from ulk_tf.evaluation.msr_baselines import Sets
from ulk_tf.files import Array

# Sets with the true labels that the oracle draws anew in each pass.
ORACLE_SETS = 20


class MatchedShadow:
    """Clusterings of the adversary's own data, without and with knowledge of a set's labels.

    Args:
        shadow: float32 [n, ...].
        labels: int [n].
        seed: of all chance.
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
        rows = tf.constant(np.resize(self._shadow, (count, start.shape[1])))
        seed = tf.constant([self._seed, 11])
        found = matched_centroids(rows, tf.constant(start), seed, self._directions)
        return found.numpy(), central_samples(rows, found).numpy()

    def with_labels(self, start: Array, counts: Array) -> Sets:
        """The same, matched with sets that have the true label counts.

        Args:
            start: first centroids, float32 [sum of counts, values].
            counts: int [classes].
        """
        rng = np.random.default_rng([self._seed, 12])
        everyone = np.arange(len(self._labels))
        known = [np.flatnonzero(self._labels == label) for label in range(len(counts))]
        # For a class without samples the adversary has nothing better than any sample.
        known = [own if len(own) else everyone for own in known]

        def sets(_: tf.Tensor) -> tf.Tensor:
            drawn = [
                rng.choice(own, (ORACLE_SETS, count))
                for own, count in zip(known, counts, strict=True)
            ]
            return tf.constant(np.concatenate(drawn, 1))

        rows = tf.constant(self._shadow)
        found = matched_with(sets, rows, tf.constant(start), self._directions)
        return found.numpy(), central_samples(rows, found).numpy()
