"""Baselines of A_LI and A_LDE: each gives an answer to every update that is asked about."""

import numpy as np
from scipy.special import softmax

from ulk_tf.evaluation.asked import Asked
from ulk_tf.files import Array

# Updates whose posteriors are read at once; a large corpus stays on disk.
TOGETHER = 256


def prior(asked: Asked) -> Array:
    """Always the class prior of the adversary's data, float32 [updates, classes]."""
    return np.tile(asked.prior, (len(asked.updates), 1))


def uniform(asked: Asked) -> Array:
    """Every class alike, float32 [updates, classes]."""
    classes = asked.dataset.classes
    return np.full((len(asked.updates), classes), 1 / classes, np.float32)


def random_histogram(asked: Asked) -> Array:
    """A random histogram of a set (the paper's baseline), [updates, classes]."""
    size, classes = asked.updates.indices.shape[1], asked.dataset.classes
    shares = asked.prior.astype(np.float64)
    if shares[:-1].sum() > 1:  # by rounding, where the last class has no samples
        shares /= shares.sum()
    rng = np.random.default_rng([asked.seed, 7])
    histogram = rng.multinomial(size, shares, len(asked.updates)) / size
    # A histogram with a zero where the truth has none would be infinitely wrong.
    return (histogram + 1e-3) / (1 + 1e-3 * classes)


def risen_class(asked: Asked) -> Array:
    """The classes by the rise of their mean posterior over the probes, float64 [updates, classes].

    A softmax of the rises keeps their order; where no posterior moved, every class is alike.
    """
    updates, rises = asked.updates, []
    for start in range(0, len(updates), TOGETHER):
        before, after = updates.pair(np.arange(start, min(start + TOGETHER, len(updates))))
        rises.append((after - before).mean(1, dtype=np.float64))
    return np.asarray(softmax(np.concatenate(rises), axis=-1))
