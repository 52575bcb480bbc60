"""The classifier that real servers serve in tests; runs in their environments, so NumPy alone."""

import numpy as np

NAMES = ("ant", "bee", "cat")


def posteriors(samples, version):
    """Posteriors of three classes: depend on every sample, and a little on the version."""
    flat = np.asarray(samples, np.float64).reshape(len(samples), -1)
    logits = np.stack([flat.mean(1), flat.std(1), flat[:, 0]], 1) / (50 + version)
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)
