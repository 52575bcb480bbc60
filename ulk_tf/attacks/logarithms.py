"""Logarithms of posteriors, clipped where posteriors tell nothing."""

import tensorflow as tf

# Posteriors are clipped to this from below before the logarithm; float32 and JSON carry smaller
# ones.
FLOOR = 1e-30
# The coarsest rounding step that posteriors are clipped to.
COARSEST = 0.1


def log_difference(before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
    """Take log(before) - log(after): linear in the logits for any confidence of the model.

    Args:
        before: float32 [..., classes].
        after: the same shape.
    """
    return _log(before) - _log(after)


def clipped(posteriors: tf.Tensor, step: float) -> tf.Tensor:
    """Clip posteriors from below to where they tell nothing; exact ones stay as they are.

    Below one rounding step there is only 0, whose logarithm would be a jump of 69 at `FLOOR`; below
    the noise logarithms are mostly noise. Labels alone (step 1) are clipped to `COARSEST`, so that
    a flip is a change of a few units.

    Args:
        posteriors: float32 [..., classes].
        step: resolution of the answers, see `Form.floor`; 0 where they are exact.
    """
    if not step:
        return posteriors
    return tf.maximum(posteriors, tf.constant(min(step, COARSEST), tf.float32))


def logits(posteriors: tf.Tensor) -> tf.Tensor:
    """Recover logits from posteriors, up to a constant for each sample: centred logarithms.

    Args:
        posteriors: float32 [..., classes].
    """
    return centred(_log(posteriors))


def _log(posteriors: tf.Tensor) -> tf.Tensor:
    return tf.math.log(tf.maximum(posteriors, tf.constant(FLOOR, tf.float32)))


def centred(values: tf.Tensor) -> tf.Tensor:
    """Subtract the mean over classes.

    Args:
        values: float32 [..., classes].
    """
    return values - tf.reduce_mean(values, -1, keepdims=True)
