"""Posteriors that answers are made of."""

import numpy as np

from ulk_tf.files import Array


def dirichlet(seed: int, alpha: float = 1.0, rows: int = 20, classes: int = 10) -> Array:
    """Posteriors float64 [rows, classes], the smaller `alpha` the surer."""
    return np.random.default_rng(seed).dirichlet(np.full(classes, alpha), rows)
