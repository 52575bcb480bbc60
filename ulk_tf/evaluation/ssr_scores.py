"""Scores of A_SSR on target updates, beside what knows the label, or nothing."""

import numpy as np

from ulk_tf.attacks.signature import TrainedAttack
from ulk_tf.attacks.ssr import Reconstruction
from ulk_tf.corpus.build import Corpus, Updates
from ulk_tf.corpus.pipeline import single_labels
from ulk_tf.evaluation.metrics import mse, ssim
from ulk_tf.evaluation.predictions import others, predictions
from ulk_tf.evaluation.scores import Scores
from ulk_tf.files import Array

# Of so many shadow updates the one nearest by posterior difference is looked for.
NEAREST_AMONG = 10_000
# For SSIM a window is needed; smaller pictures have none.
SMALLEST_SIDE = 3


def score_ssr(
    reconstruction: Reconstruction, label_attack: TrainedAttack, corpus: Corpus, seed: int
) -> Scores:
    """MSE on [0, 1] values, and SSIM for images, of A_SSR.

    Baselines: the autoencoder itself (the upper bound), the class mean of the true and of the
    predicted label, a random shadow sample of the same label, the mean sample, the shadow
    sample whose posterior difference is nearest, and the attack fed another update's.

    Args:
        reconstruction: the trained attack.
        label_attack: A_LI of the same corpus, for the predicted label.
        corpus: its target side is scored on.
        seed: of the random samples.
    """
    dataset, updates = corpus.dataset, corpus.updates["target"]
    truth = dataset.scaled(updates.indices[:, 0])
    every = np.arange(len(updates))
    labels = single_labels(dataset, updates)
    predicted = predictions(label_attack, updates, every)["label_probabilities"].argmax(-1)
    means, mean = class_means(corpus)
    candidates = {
        "attack": predictions(reconstruction.attack, updates, every)["sample"],
        "autoencoder": np.asarray(reconstruction.autoencoder.predict(truth, verbose=0)),
        "class_mean_of_true_label": means[labels],
        "class_mean_of_predicted_label": means[predicted],
        "random_of_same_label": dataset.scaled(_same_label(corpus, labels, seed)),
        "mean_sample": np.broadcast_to(mean, truth.shape),
        "nearest_shadow_update": dataset.scaled(_nearest(corpus, updates)),
        "shuffled": predictions(reconstruction.attack, updates, others(updates))["sample"],
    }
    scores = Scores.of(updates)
    measures = {"mse": mse}
    if dataset.is_image and min(dataset.sample_shape[:2]) >= SMALLEST_SIDE:
        measures["ssim"] = ssim
    for name, measure in measures.items():
        values = {who: measure(truth, np.asarray(answer)) for who, answer in candidates.items()}
        own = values.pop("attack")
        scores.metric(name, own, **values)
        if name == "mse":
            for other in ("class_mean_of_true_label", "shuffled"):
                scores.gain(f"gain_over_{other}", own, values[other])
    shown = np.random.default_rng([seed, 8]).permutation(len(updates))[:12]
    scores.pictures["rows"] = {
        "original": truth[shown],
        "attack": candidates["attack"][shown],
        "autoencoder": candidates["autoencoder"][shown],
        "class mean": candidates["class_mean_of_true_label"][shown],
    }
    return scores


def class_means(corpus: Corpus) -> tuple[Array, Array]:
    """Mean shadow sample of each class, and of all, in [0, 1]."""
    labels = corpus.dataset.labels[corpus.splits.shadow]
    samples = corpus.dataset.scaled(corpus.splits.shadow)
    mean = samples.mean(0)
    means = [
        samples[labels == label].mean(0) if (labels == label).any() else mean
        for label in range(corpus.dataset.classes)
    ]
    return np.stack(means), mean


def _same_label(corpus: Corpus, labels: Array, seed: int) -> Array:
    """For each label the index of a random shadow sample that has it."""
    rng = np.random.default_rng([seed, 9])
    shadow = corpus.splits.shadow
    shadow_labels = corpus.dataset.labels[shadow]
    chosen = []
    for label in labels:
        own = shadow[shadow_labels == label]
        chosen.append(rng.choice(own if len(own) else shadow))
    return np.array(chosen)


def _nearest(corpus: Corpus, updates: Updates) -> Array:
    """For each update the sample of the shadow update with the nearest posterior difference."""
    shadow = corpus.updates["shadow"]
    rows = np.arange(len(shadow))[:: max(1, len(shadow) // NEAREST_AMONG)]
    known, asked = (_directions(side, own) for side, own in ((shadow, rows), (updates, None)))
    return shadow.indices[rows[(asked @ known.T).argmax(-1)], 0]


def _directions(updates: Updates, rows: Array | None) -> Array:
    own = np.arange(len(updates)) if rows is None else rows
    difference = updates.before[updates.base[own]] - updates.after[own]
    flat = difference.reshape(len(own), -1)
    return flat / (np.linalg.norm(flat, axis=-1, keepdims=True) + 1e-12)
