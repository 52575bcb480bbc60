"""Encoder that the attacks share (paper: general attack construction)."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ulk_tf.attacks.features import fit_features
from ulk_tf.corpus.build import Updates
from ulk_tf.settings.attack_configs import FeatureMap

# Shadow updates that are enough for the scaling constants.
SCALED_ON = 2000


def build_encoder(
    updates: Updates, feature_map: FeatureMap, hidden: int, dropout: float, seed: int
) -> keras.Model:
    """Build a perceptron over the features of the posteriors before and after.

    Args:
        updates: the shadow side; scaling constants and shapes come from it.
        feature_map: which features.
        hidden: width of the first layer.
        dropout: rate after each layer.
        seed: of initial weights and dropout.

    Returns:
        A functional model, inputs `before` and `after` [batch, probes, classes], output
        [batch, hidden / 2]; for features by class [batch, classes, hidden / 4].
    """
    rows = np.random.default_rng([seed, 6]).permutation(len(updates))[:SCALED_ON]
    features = fit_features(feature_map, *updates.pair(rows), updates.form.step)
    shape = updates.after.shape[1:]
    before = keras.Input(shape, name="before")
    after = keras.Input(shape, name="after")
    x = features(before, after)
    trunk = _by_class if len(x.shape) == 3 else _whole
    return keras.Model(
        {"before": before, "after": after}, trunk(x, hidden, dropout, seed), name="encoder"
    )


def _whole(x: keras.KerasTensor, hidden: int, dropout: float, seed: int) -> keras.KerasTensor:
    """Stack the paper's layers: a multilayer perceptron over all features at once."""
    for number, width in enumerate((hidden, hidden // 2)):
        initialiser = keras.initializers.GlorotUniform(seed=seed + number)
        x = layers.Dense(width, kernel_initializer=initialiser)(x)
        x = layers.LeakyReLU(0.2)(x)
        x = layers.Dropout(dropout, seed=seed + number)(x)
    return x


def _by_class(x: keras.KerasTensor, hidden: int, dropout: float, seed: int) -> keras.KerasTensor:
    """Stack layers that share their weights over the classes, and see the others' mean.

    Sharing has the effect of `classes` times as many updates to learn from.
    """
    for number, width in enumerate((hidden, hidden // 4)):
        if number:
            x = layers.Concatenate()([x, AcrossClasses()(x)])
        initialiser = keras.initializers.GlorotUniform(seed=seed + number)
        x = layers.Dense(width, "gelu", kernel_initializer=initialiser)(x)
        x = layers.Dropout(dropout, seed=seed + number)(x)
    return x


@keras.saving.register_keras_serializable("ulk_tf")
class AcrossClasses(layers.Layer):
    """Mean and largest of each value over the classes, beside every class."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """[batch, classes, width] -> [batch, classes, 2 * width]."""
        over = [tf.reduce_mean(x, 1, keepdims=True), tf.reduce_max(x, 1, keepdims=True)]
        # Not `tf.repeat`, whose gradient makes TensorFlow complain of oneDNN on standard error.
        return tf.concat(over, -1) + tf.zeros_like(x[..., :1])

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of `call`'s answer."""
        return (*shape[:2], 2 * (shape[2] or 0))
