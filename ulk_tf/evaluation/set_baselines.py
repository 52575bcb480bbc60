"""Baselines of A_MSR: each gives a function from an update's row to a set, by kind of answer.

Centroids are compared with centroids and samples with samples, since a centroid is nearer to
everything; a baseline that has one of the two only is compared by that one.
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from ulk_tf.evaluation.asked import Asked
from ulk_tf.evaluation.matched_baselines import MatchedShadow
from ulk_tf.evaluation.msr_baselines import LabelOracleClustering, Sets, prior_counts
from ulk_tf.evaluation.msr_baselines import label_average as average_of
from ulk_tf.evaluation.msr_baselines import random_samples as samples_of
from ulk_tf.evaluation.msr_baselines import shadow_clustering as clusters_of
from ulk_tf.evaluation.predictions import others, predictions
from ulk_tf.files import Array
from ulk_tf.machine import cores

# Shadow samples that the baselines cluster: enough for stable centroids, seconds of work.
CLUSTERED_SHADOW = 6000
# Updates asked about in one call: a few, so that the bar moves and all cores have work.
SETS_IN_BATCH = 5
KINDS = ("centroids", "samples")
SetOf = Callable[[int], dict[str, Array]]


class AskedForSets(Asked):
    """Questions to A_MSR, with the adversary's data as its baselines cluster it."""

    @cached_property
    def shadow(self) -> tuple[Array, Array]:
        """Shadow samples float32 [n, values] and their labels [n]."""
        rng = np.random.default_rng([self.seed, 10])
        rows = rng.permutation(self.corpus.splits.shadow)[:CLUSTERED_SHADOW]
        dataset = self.shadow_dataset
        return dataset.scaled(rows).reshape(len(rows), -1), dataset.labels[rows]

    @property
    def set_size(self) -> int:
        """Samples in an updating set."""
        return self.updates.indices.shape[1]

    @cached_property
    def clusters(self) -> Sets:
        """K-means of the shadow samples."""
        return clusters_of(self.shadow[0], self.set_size, self.seed)

    @cached_property
    def matched(self) -> MatchedShadow:
        """Clustering of the shadow samples as the attack itself clusters."""
        return MatchedShadow(*self.shadow, self.seed)

    @cached_property
    def oracle(self) -> LabelOracleClustering:
        """Clustering of the shadow samples of each class."""
        return LabelOracleClustering(*self.shadow, self.seed)

    def counts(self, row: int) -> Array:
        """The true label counts of an updating set, int [classes]."""
        labels = self.dataset.labels[self.updates.indices[row]]
        return np.bincount(labels, minlength=self.dataset.classes)

    @cached_property
    def own(self) -> SetOf:
        """The attack's own sets, by the update whose posteriors it is given."""
        found = predictions(
            self.trained.attack,
            self.updates,
            np.arange(len(self.updates)),
            seed=self.seed,
            batch=SETS_IN_BATCH,
            what="reconstructing sets",
            at_once=cores(),
        )
        return lambda row: {kind: found[kind][row] for kind in KINDS}


def shadow_clustering(asked: AskedForSets) -> SetOf:
    """K-means of the adversary's own data."""
    return _always(asked.clusters)


def matched_shadow(asked: AskedForSets) -> SetOf:
    """The adversary's own data, matched one for one as the attack's samples are."""
    return _always(asked.matched.without_labels(asked.clusters[0]))


def label_average(asked: AskedForSets) -> SetOf:
    """Class means in the prior's proportions."""
    prior = prior_counts(asked.shadow[1], asked.set_size, asked.dataset.classes)
    average = average_of(*asked.shadow, prior)
    return lambda _: {"centroids": average}


def random_samples(asked: AskedForSets) -> SetOf:
    """Random samples of the adversary's own data, others for each update."""
    shadow = asked.shadow[0]
    return lambda row: {"samples": samples_of(shadow, asked.set_size, asked.seed + row)}


def label_oracle(asked: AskedForSets) -> SetOf:
    """Clusters of the adversary's own data with the true label counts of the set."""
    return lambda row: _named(asked.oracle.reconstruct(asked.counts(row)))


def matched_oracle(asked: AskedForSets) -> SetOf:
    """The same, matched one for one as the attack's samples are."""

    def set_of(row: int) -> dict[str, Array]:
        counts = asked.counts(row)
        return _named(asked.matched.with_labels(asked.oracle.reconstruct(counts)[0], counts))

    return set_of


def shuffled(asked: AskedForSets) -> SetOf:
    """The attack fed another update's posteriors: the set that it made of that update."""
    other = others(asked.updates)
    return lambda row: asked.own(other[row])


def _named(sets: Sets) -> dict[str, Array]:
    return dict(zip(KINDS, sets, strict=True))


def _always(sets: Sets) -> SetOf:
    return lambda _: _named(sets)
