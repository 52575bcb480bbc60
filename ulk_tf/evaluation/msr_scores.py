"""Scores of A_MSR on target updates: like with like, beside seven baselines."""

import numpy as np

from ulk_tf.attacks.signature import TrainedAttack
from ulk_tf.corpus.build import Corpus
from ulk_tf.evaluation.matched_baselines import MatchedShadow
from ulk_tf.evaluation.metrics import match, matched_mse
from ulk_tf.evaluation.msr_baselines import (
    LabelOracleClustering,
    label_average,
    prior_counts,
    random_samples,
    shadow_clustering,
)
from ulk_tf.evaluation.predictions import others, predictions
from ulk_tf.evaluation.scores import Scores
from ulk_tf.files import Array
from ulk_tf.progress import track

# Shadow samples that the baselines cluster: enough for stable centroids, seconds of work.
CLUSTERED_SHADOW = 6000
BASELINES = (
    "shadow_clustering",
    "matched_shadow",
    "label_average",
    "random_samples",
    "label_oracle",
    "matched_oracle",
    "shuffled",
)
GAINS = ("shadow_clustering", "matched_shadow", "shuffled", "label_oracle", "matched_oracle")


def score_msr(attack: TrainedAttack, corpus: Corpus, seed: int) -> Scores:
    """Matched MSE on [0, 1] values, of centroids and of actual samples.

    Every reconstruction is matched to the true set by the Hungarian algorithm. Centroids are
    compared with centroids and samples with samples: a centroid is nearer to everything.
    Baselines: clusters of the adversary's own data without and with the true label counts of
    the set (an oracle: an attack under it leaks more than labels), both by k-means and matched
    one for one as the attack's own are; class means in the prior's proportions; random shadow
    samples; and the attack fed another update's posterior difference.

    Args:
        attack: trained.
        corpus: its target side is scored on.
        seed: of the attack's noise and the baselines' chance.
    """
    dataset, updates = corpus.dataset, corpus.updates["target"]
    every = np.arange(len(updates))
    own = predictions(attack, updates, every, seed=seed, batch=10, what="reconstructing sets")
    other = predictions(
        attack, updates, others(updates), seed=seed, batch=10, what="the same, inputs shuffled"
    )
    fixed = _Fixed(corpus, seed)
    values: dict[str, list[float]] = {}
    for row in track(every, len(updates), "scoring", "update"):
        truth = dataset.scaled(updates.indices[row]).reshape(updates.indices.shape[1], -1)
        candidates = fixed.candidates(int(row))
        for kind in ("centroids", "samples"):
            candidates[f"attack {kind}"] = own[kind][row]
            candidates[f"shuffled {kind}"] = other[kind][row]
        for name, candidate in candidates.items():
            error = matched_mse(truth, candidate.reshape(truth.shape))
            values.setdefault(name, []).append(error)
    return _collect(corpus, {name: np.array(v) for name, v in values.items()}, own)


def _collect(corpus: Corpus, values: dict[str, Array], own: dict[str, Array]) -> Scores:
    updates = corpus.updates["target"]
    scores = Scores.of(updates)
    for kind in ("centroids", "samples"):
        baselines = {
            name: values[f"{name} {kind}"] for name in BASELINES if f"{name} {kind}" in values
        }
        attack = values[f"attack {kind}"]
        scores.metric(f"matched_mse_{kind}", attack, **baselines)
        suffix = "" if kind == "centroids" else "_samples"
        for other in GAINS:
            scores.gain(f"gain_over_{other}{suffix}", attack, baselines[other])
    centroids = values["attack centroids"]
    # The median case: neither the best nor the worst may be the one that is shown.
    median = int(np.argsort(centroids, kind="stable")[len(centroids) // 2])
    truth = corpus.dataset.scaled(updates.indices[median])
    shown = own["samples"][median]
    k = len(truth)
    order = match(truth.reshape(k, -1), shown.reshape(k, -1))
    scores.pictures["matched"] = (truth, shown[order])
    return scores


class _Fixed:
    """The baselines that do not look at the posteriors."""

    def __init__(self, corpus: Corpus, seed: int) -> None:
        self._corpus = corpus
        dataset = corpus.dataset
        rng = np.random.default_rng([seed, 10])
        rows = rng.permutation(corpus.splits.shadow)[:CLUSTERED_SHADOW]
        self._shadow = dataset.scaled(rows).reshape(len(rows), -1)
        self._labels = dataset.labels[rows]
        k = corpus.updates["target"].indices.shape[1]
        self._clusters = shadow_clustering(self._shadow, k, seed)
        self._matched = MatchedShadow(self._shadow, self._labels, seed)
        self._matched_clusters = self._matched.without_labels(self._clusters[0])
        prior = prior_counts(self._labels, k, dataset.classes)
        self._average = label_average(self._shadow, self._labels, prior)
        self._oracle = LabelOracleClustering(self._shadow, self._labels, seed)
        self._k, self._seed = k, seed

    def candidates(self, row: int) -> dict[str, Array]:
        """Every baseline's answer to one update, [k, values] by name and kind."""
        dataset = self._corpus.dataset
        labels = dataset.labels[self._corpus.updates["target"].indices[row]]
        counts = np.bincount(labels, minlength=dataset.classes)
        oracle = self._oracle.reconstruct(counts)
        matched = self._matched.with_labels(oracle[0], counts)
        return {
            "shadow_clustering centroids": self._clusters[0],
            "shadow_clustering samples": self._clusters[1],
            "matched_shadow centroids": self._matched_clusters[0],
            "matched_shadow samples": self._matched_clusters[1],
            "label_average centroids": self._average,
            "random_samples samples": random_samples(self._shadow, self._k, self._seed + row),
            "label_oracle centroids": oracle[0],
            "label_oracle samples": oracle[1],
            "matched_oracle centroids": matched[0],
            "matched_oracle samples": matched[1],
        }
