"""Metrics by update, so that intervals can be taken over updates and target bases."""

import numpy as np
import tensorflow as tf
from scipy.optimize import linear_sum_assignment

from ulk_tf.files import Array

# A predicted probability of zero where the truth has some would be infinitely wrong.
SMALLEST = 1e-12


def match(true: Array, reconstructed: Array) -> Array:
    """Match reconstructions to true samples by the Hungarian algorithm (paper: A_MSR).

    Args:
        true: [k, d].
        reconstructed: [k, d].

    Returns:
        int [k]: `reconstructed[permutation]` has the least total squared distance to `true`.

    Raises:
        ValueError: the shapes differ. With more reconstructions than samples only the best
            would count.
    """
    if true.shape != reconstructed.shape:
        raise ValueError(f"Expected two sets of one shape; {true.shape}, {reconstructed.shape}.")
    ours, theirs = (np.asarray(one, np.float64) for one in (true, reconstructed))
    # One product of matrices: several times faster than pair by pair, to fifteen digits the same.
    # The norms of `true` alone add the same to each sum of a matching.
    apart = np.square(theirs).sum(-1) - 2 * (ours @ theirs.T)
    return linear_sum_assignment(apart)[1]


def matched_mse(true: Array, reconstructed: Array) -> float:
    """Mean squared error over samples and values after matching, of [k, d] each."""
    return float(mse(true, reconstructed[match(true, reconstructed)]).mean())


def matched_mses(true: Array, reconstructed: Array) -> Array:
    """Matched mean squared error of each set, [n, k, ...] twice -> [n]."""
    pairs = zip(true, reconstructed, strict=True)
    return np.array([matched_mse(a.reshape(len(a), -1), b.reshape(len(a), -1)) for a, b in pairs])


def kl_divergence(true: Array, predicted: Array) -> Array:
    """KL(true || predicted) of label distributions, natural logarithm, 0 log 0 = 0.

    Args:
        true: [n, classes].
        predicted: [n, classes].

    Returns:
        [n].
    """
    true = np.asarray(true, np.float64)
    ratio = np.maximum(true, SMALLEST) / np.maximum(predicted, SMALLEST)
    return np.asarray(np.where(true > 0, true * np.log(ratio), 0.0).sum(-1))


def kl_published_scale(true: Array, predicted: Array) -> Array:
    """KL as the paper's PyTorch code reports it: averaged over the classes too, [n]."""
    return kl_divergence(true, predicted) / np.shape(true)[-1]


def hits(true: Array, probabilities: Array, k: int = 1) -> Array:
    """1 where the true label is among the k likeliest, else 0, float [n].

    Args:
        true: int [n].
        probabilities: [n, classes].
        k: number of labels that may be named.
    """
    named = np.argsort(-probabilities, axis=-1, kind="stable")[:, :k]
    return (named == true[:, None]).any(-1).astype(np.float64)


def top3_hits(true: Array, probabilities: Array) -> Array:
    """1 where the true label is among the three likeliest, else 0; see `hits`."""
    return hits(true, probabilities, 3)


def most_frequent_hits(true: Array, predicted: Array) -> Array:
    """1 where the likeliest predicted label is a most frequent one of the set, float [n].

    Where several labels are equally frequent, each of them is right.

    Args:
        true: label distributions [n, classes].
        predicted: the same shape.
    """
    named = np.take_along_axis(true, predicted.argmax(-1)[:, None], -1)[:, 0]
    return np.isclose(named, true.max(-1)).astype(np.float64)


def confusion_matrix(true: Array, predicted: Array, classes: int) -> Array:
    """Count how often each true label (row) was inferred as each label (column), int [c, c]."""
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (true, predicted), 1)
    return matrix


def mse(true: Array, predicted: Array) -> Array:
    """Mean squared error of each sample, [n, ...] -> [n]."""
    squared = np.square(np.subtract(true, predicted, dtype=np.float64))
    return squared.reshape(len(squared), -1).mean(-1)


def ssim(true: Array, predicted: Array) -> Array:
    """Structural similarity of images in [0, 1] (Wang et al. 2004), [n, h, w, c] -> [n].

    The window has 11 pixels, or the largest odd number that the image has.
    """
    side = min(11, *true.shape[1:3])
    window = side if side % 2 else side - 1
    pair = (tf.constant(part, tf.float32) for part in (true, predicted))
    return np.asarray(tf.image.ssim(*pair, max_val=1.0, filter_size=window), np.float64)
