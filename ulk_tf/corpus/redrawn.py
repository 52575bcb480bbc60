"""Redrawn answers: shadow updates as if other probes had lain near a rounding step.

What rounding hides of an update depends on which posteriors happen to lie near a step, at the
border of the top few or between two labels. An adversary has the exact answers of her own versions,
and can let that chance fall as often as she likes. Her attack then learns what an update looks like
behind the defence, instead of what a few thousand updates happened to look like. Noise that is new
in each query changes as much already.
"""

import numpy as np

from ulk_tf.files import Array

# Drawings that an attack learns from in turn.
DRAWINGS = 4
# Deviation of the shift of logits, far more than what an update moves and far less than what tells
# the classes apart. Chosen on held-out shadow bases (docs/EXPERIMENTS.md).
SPREAD = 0.3


def shifted(posteriors: Array, key: tuple[int, ...]) -> Array:
    """Shift the logits of a version.

    An update moves logits that were shifted alike as it moved those that were not.

    Args:
        posteriors: exact, [probes, classes].
        key: seed of the shift, the same before and after an update.

    Returns:
        float64 [probes, classes].
    """
    shift = SPREAD * np.random.default_rng(key).standard_normal(posteriors.shape)
    raised = posteriors * np.exp(shift)
    return raised / raised.sum(-1, keepdims=True)
