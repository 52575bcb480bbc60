"""Clusterings and averages of the adversary's own data: baselines of A_MSR."""

import warnings

import numpy as np
from scipy.linalg import eigh
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from ulk_tf.data.members import class_means
from ulk_tf.files import Array

# Shadow samples of one class that the label oracle clusters: more cost time and change little.
ORACLE_SAMPLES = 600
# Principal components in which it clusters them: held-out distances on MNIST are the same to
# 1% as with all 784 values, in a quarter of the time.
ORACLE_COMPONENTS = 64
Sets = tuple[Array, Array]


def shadow_clustering(shadow: Array, k: int, seed: int) -> Sets:
    """K-means of the adversary's own data, K the size of an updating set.

    Args:
        shadow: float32 [n, ...], n above 0.
        k: clusters; may be above n, then samples come twice.
        seed: of the initial centroids.

    Returns:
        Centroids and the samples nearest them, float32 [k, values] each.
    """
    shadow = _flat(shadow)
    return _cluster(shadow, shadow, k, seed)


def prior_counts(labels: Array, k: int, classes: int) -> Array:
    """The class prior as whole counts that sum to k (largest remainders), int [classes]."""
    exact = np.bincount(labels, minlength=classes) * (k / len(labels))
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(counts - exact, kind="stable")
    counts[order[: k - counts.sum()]] += 1
    return counts


def label_average(shadow: Array, labels: Array, counts: Array) -> Array:
    """Class means, each as often as `counts` says.

    Args:
        shadow: float32 [n, ...].
        labels: int [n].
        counts: int [classes]; `prior_counts` for an adversary who does not know them.

    Returns:
        float32 [sum of counts, values]. A class without shadow samples gets the mean of all.
    """
    return np.repeat(class_means(_flat(shadow), labels, len(counts)), counts, axis=0)


def random_samples(shadow: Array, k: int, seed: int) -> Array:
    """Random shadow samples, distinct where there are enough, float32 [k, values]."""
    rows = np.random.default_rng(seed).choice(len(shadow), k, replace=len(shadow) < k)
    return _flat(shadow)[rows]


class LabelOracleClustering:
    """Clusters each class of the shadow data into its true count in the updating set.

    It knows the labels of the set and nothing else: the yardstick between leaking labels and
    leaking samples.

    Args:
        shadow: float32 [n, ...].
        labels: int [n].
        seed: of the samples that are clustered and of initial centroids.
    """

    def __init__(self, shadow: Array, labels: Array, seed: int) -> None:
        shadow, labels = _flat(shadow), np.asarray(labels)
        rng = np.random.default_rng(seed)
        chosen = {int(label): np.flatnonzero(labels == label) for label in np.unique(labels)}
        self._classes = {
            label: _Class(shadow[rng.permutation(rows)[:ORACLE_SAMPLES]], seed)
            for label, rows in chosen.items()
        }
        # For a class of which the adversary has nothing.
        self._all = _Class(shadow[rng.permutation(len(shadow))[:ORACLE_SAMPLES]], seed)
        self._values = shadow.shape[1]

    def reconstruct(self, counts: Array) -> Sets:
        """Centroids and the samples nearest them, class by class.

        Args:
            counts: int [classes], how often each label is in the updating set.

        Returns:
            float32 [sum of counts, values] each.
        """
        none = np.zeros((0, self._values), np.float32)
        parts = [(none, none)] + [
            self._classes.get(label, self._all).clusters(int(count))
            for label, count in enumerate(counts)
            if count
        ]
        centroids, samples = zip(*parts, strict=True)
        return np.concatenate(centroids), np.concatenate(samples)


class _Class:
    """The samples of one class and their clusterings, each made once."""

    def __init__(self, samples: Array, seed: int) -> None:
        self._samples, self._seed = samples, seed
        self._low: Array | None = None
        self._known: dict[int, Sets] = {}

    def clusters(self, count: int) -> Sets:
        if count not in self._known:
            if self._low is None:
                self._low = _components(self._samples)
            self._known[count] = _cluster(self._samples, self._low, count, self._seed)
        return self._known[count]


def _flat(samples: Array) -> Array:
    return np.asarray(samples, np.float32).reshape(len(samples), -1)


def _components(samples: Array) -> Array:
    """The samples in their own first principal components, [n, at most ORACLE_COMPONENTS]."""
    if samples.shape[1] <= ORACLE_COMPONENTS:
        return samples
    centred = samples - samples.mean(0)
    count = len(samples)
    # From the products between samples, a fifth of the time of a decomposition of the samples.
    with threadpool_limits(1):
        wanted = (max(count - ORACLE_COMPONENTS, 0), count - 1)
        squares, directions = eigh(centred @ centred.T, subset_by_index=wanted)
    return directions * np.sqrt(np.maximum(squares, 0))


def _cluster(samples: Array, low: Array, k: int, seed: int) -> Sets:
    """Centroids of a clustering of `low`, and the samples nearest them, both [k, values]."""
    if k >= len(samples):
        # As many clusters as samples: the samples, some of them twice.
        repeated = np.resize(samples, (k, samples.shape[1]))
        return repeated, repeated
    # scikit-learn's threads fight TensorFlow's: ten times slower with both.
    with threadpool_limits(1), warnings.catch_warnings():
        # Equal samples make fewer places than clusters; some centroids are equal then.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = KMeans(k, init="k-means++", n_init=1, random_state=seed).fit(low)
        nearest = found.transform(low).argmin(0)
    members = [samples[found.labels_ == number] for number in range(k)]
    centroids = np.stack(
        [
            own.mean(0) if len(own) else samples[near]
            for own, near in zip(members, nearest, strict=True)
        ]
    )
    return centroids.astype(np.float32), samples[nearest]
