"""Feature maps: posteriors before and after an update -> the encoder's input.

They are layers of every attack, scaling constants included, so that a client sends what it
measured and nothing else.
"""

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.config import FeatureMap
from ulk_tf.files import Array

# Below it a posterior is taken as it; float32 and JSON both carry smaller ones.
FLOOR = 1e-30


def log_difference(before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
    """log(before) - log(after), which is linear in the logits however confident the model is."""
    floor = tf.constant(FLOOR, tf.float32)
    return tf.math.log(tf.maximum(before, floor)) - tf.math.log(tf.maximum(after, floor))


def centred(values: tf.Tensor) -> tf.Tensor:
    """Minus the mean over classes: what is left of a log-posterior is the logit."""
    return values - tf.reduce_mean(values, -1, keepdims=True)


def unscaled(kind: FeatureMap, before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
    """The features before any scaling.

    Args:
        kind: which feature map; for `normalised` that of `centred`, which it then divides.
        before: float32 [batch, probes, classes].
        after: the same shape.

    Returns:
        float32 [batch, probes, features of a probe].
    """
    if kind == "difference":
        return before - after
    if kind == "log_difference":
        return log_difference(before, after)
    if kind == "pair":
        floor = tf.constant(FLOOR, tf.float32)
        logs = [centred(tf.math.log(tf.maximum(part, floor))) for part in (before, after)]
        return tf.concat(logs, -1)
    return centred(log_difference(before, after))


@keras.saving.register_keras_serializable("ulk_tf")
class Features(keras.layers.Layer):
    """The feature map of an attack.

    `difference` is the paper's posterior difference under one global scale. `normalised`
    divides each update's centred log-posterior difference by its own norm and adds the
    standardised log-norm: an update's norm spans five orders of magnitude, its direction tells
    what was learned.

    Args:
        kind: which feature map.
        scale: standard deviation of the features over the shadow corpus.
        log_norm: mean and standard deviation of the log-norm over the shadow corpus.
    """

    def __init__(
        self,
        kind: FeatureMap,
        scale: float = 1.0,
        log_norm: tuple[float, float] = (0.0, 1.0),
        **kwargs: object,
    ) -> None:
        # Whatever the precision of the training: bfloat16 would round differences away.
        super().__init__(**({"dtype": "float32"} | kwargs))
        self.kind = kind
        self.scale = float(scale)
        self.log_norm = (float(log_norm[0]), float(log_norm[1]))

    def get_config(self) -> dict[str, object]:
        """What `from_config` needs, scaling constants included."""
        own = {"kind": self.kind, "scale": self.scale, "log_norm": self.log_norm}
        return super().get_config() | own

    def call(self, before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
        """Posteriors [batch, probes, classes] twice -> float32 [batch, features]."""
        values = unscaled(self.kind, before, after)
        size = values.shape[1] * values.shape[2]
        flat = tf.reshape(values, (-1, size))
        if self.kind != "normalised":
            return flat / self.scale
        norm = tf.norm(flat, axis=-1, keepdims=True) + 1e-12
        mean, deviation = self.log_norm
        return tf.concat([flat * (size**0.5) / norm, (tf.math.log(norm) - mean) / deviation], -1)

    def compute_output_shape(
        self, before_shape: tuple[int, ...], after_shape: tuple[int, ...]
    ) -> tuple[int | None, int]:
        """Shape of `call`'s answer."""
        del after_shape
        width = before_shape[1] * before_shape[2] * (2 if self.kind == "pair" else 1)
        return (before_shape[0], width + (self.kind == "normalised"))


def fit_features(kind: FeatureMap, before: Array, after: Array) -> Features:
    """A feature map whose constants are those of a shadow corpus.

    Args:
        kind: which feature map.
        before: float32 [updates, probes, classes], of shadow updates only.
        after: the same shape.
    """
    values = np.asarray(unscaled(kind, tf.constant(before), tf.constant(after)))
    log_norms = np.log(np.linalg.norm(values.reshape(len(values), -1), axis=-1) + 1e-12)
    return Features(
        kind,
        scale=max(float(values.std()), 1e-12),
        log_norm=(float(log_norms.mean()), max(float(log_norms.std()), 1e-6)),
        name="features",
    )
