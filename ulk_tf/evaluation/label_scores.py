"""Scores of A_LI and A_LDE on target updates, beside what knows nothing."""

import numpy as np

from ulk_tf.attacks.signature import TrainedAttack
from ulk_tf.corpus.build import Corpus
from ulk_tf.corpus.pipeline import label_distributions, single_labels
from ulk_tf.evaluation.metrics import (
    confusion_matrix,
    hits,
    kl_divergence,
    kl_published_scale,
    most_frequent_hits,
)
from ulk_tf.evaluation.predictions import others, predictions
from ulk_tf.evaluation.scores import Scores
from ulk_tf.files import Array


def shadow_prior(corpus: Corpus) -> Array:
    """The class prior that an adversary knows: that of her own samples, float32 [classes]."""
    labels = corpus.dataset.labels[corpus.splits.shadow]
    return np.bincount(labels, minlength=corpus.dataset.classes).astype(np.float32) / len(labels)


def score_li(attack: TrainedAttack, corpus: Corpus) -> Scores:
    """Accuracy and top-3 accuracy of A_LI.

    Baselines: always the most frequent label(s) of the shadow data, and the attack fed another
    update's posterior difference.
    """
    updates = corpus.updates["target"]
    truth = single_labels(corpus.dataset, updates)
    every = np.arange(len(updates))
    own = predictions(attack, updates, every)["label_probabilities"]
    shuffled = predictions(attack, updates, others(updates))["label_probabilities"]
    prior = np.tile(shadow_prior(corpus), (len(updates), 1))
    scores = Scores.of(updates)
    for name, k in {"accuracy": 1, "top3_accuracy": 3}.items():
        scores.metric(
            name,
            hits(truth, own, k),
            most_frequent_label=hits(truth, prior, k),
            shuffled=hits(truth, shuffled, k),
        )
    scores.pictures["confusion"] = confusion_matrix(truth, own.argmax(-1), corpus.dataset.classes)
    return scores


def score_lde(attack: TrainedAttack, corpus: Corpus, seed: int) -> Scores:
    """KL divergence of A_LDE in both scales, and the accuracy of the most frequent label.

    Baselines: always uniform, always the class prior, one random histogram (the paper's), and
    the attack fed another update's posterior difference.
    """
    dataset, updates = corpus.dataset, corpus.updates["target"]
    truth = label_distributions(dataset, updates)
    every = np.arange(len(updates))
    prior = shadow_prior(corpus)
    size = updates.indices.shape[1]
    histogram = np.random.default_rng([seed, 7]).multinomial(size, prior, len(updates)) / size
    candidates = {
        "attack": predictions(attack, updates, every)["label_distribution"],
        "prior": np.tile(prior, (len(updates), 1)),
        "uniform": np.full_like(truth, 1 / dataset.classes),
        # A histogram with a zero where the truth has none would be infinitely wrong.
        "random_histogram": (histogram + 1e-3) / (1 + 1e-3 * dataset.classes),
        "shuffled": predictions(attack, updates, others(updates))["label_distribution"],
    }
    measures = {
        "kl": kl_divergence,
        "kl_published_scale": kl_published_scale,
        "most_frequent_accuracy": most_frequent_hits,
    }
    scores = Scores.of(updates)
    values = {
        name: {who: measure(truth, answer) for who, answer in candidates.items()}
        for name, measure in measures.items()
    }
    for name, by_candidate in values.items():
        scores.metric(name, by_candidate.pop("attack"), **by_candidate)
    own = kl_divergence(truth, candidates["attack"])
    for other in ("prior", "shuffled"):
        scores.gain(f"gain_over_{other}", own, values["kl"][other])
    scores.pictures["distributions"] = (truth, candidates["attack"])
    return scores
