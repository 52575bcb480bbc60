"""Encoder that the attacks share (paper: general attack construction)."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ulk_tf.attacks.byte_dropout import ByteDropout
from ulk_tf.attacks.features import BY_CLASS, Features, fit_features
from ulk_tf.corpus.build import Updates
from ulk_tf.settings.attack_configs import FeatureMap

# Shadow updates that are enough for the scaling constants, and the seed of their choice: features
# are the same for every model that is trained on a corpus, and computed once for all of them.
SCALED_ON, SCALED_SEED = 2000, 6
FEATURES = "features"


def build_encoder(
    updates: Updates, feature_map: FeatureMap, hidden: int, dropout: float, seed: int
) -> keras.Model:
    """Build a perceptron over the features of the posteriors before and after.

    Args:
        updates: the shadow side; scaling constants and shapes come from it.
        feature_map: name of the feature map.
        hidden: width of the first layer.
        dropout: rate after each layer.
        seed: seed of initial weights and dropout.

    Returns:
        A functional model, inputs `before` and `after` [batch, probes, classes], output
        [batch, hidden / 2]; for features by class [batch, classes, hidden / 4].
    """
    rows = np.random.default_rng(SCALED_SEED).permutation(len(updates))[:SCALED_ON]
    features = fit_features(feature_map, *updates.pair(rows), updates.form)
    probes, classes = shape = updates.after.shape[1:]
    before = keras.Input(shape, name="before")
    after = keras.Input(shape, name="after")
    x = features(before, after)
    if feature_map in BY_CLASS:
        x = _by_class(*parts_by_class(features, x, probes, classes), hidden, dropout, seed)
    else:
        x = _whole(x, hidden, dropout, seed)
    return keras.Model({"before": before, "after": after}, x, name="encoder")


def parts_by_class(
    features: Features, x: keras.KerasTensor, probes: int, classes: int
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Divide the output of a feature map by class.

    Args:
        features: the feature map.
        x: its output, [batch, features].
        probes: size of the probing set.
        classes: number of classes.

    Returns:
        Values of each class [batch, classes, values], and those of all classes [batch, 1, values].
    """
    of_a_class, shared = features.widths(probes, classes)
    own = layers.Reshape((classes, of_a_class))(x[:, : classes * of_a_class])
    return own, layers.Reshape((1, shared))(x[:, classes * of_a_class :])


def after_features(model: keras.Model) -> keras.Model:
    """Cut a model behind its feature map: features [batch, features] -> the model's output.

    Args:
        model: an attack whose first part `build_encoder` built; both share their weights.
    """
    return keras.Model(model.get_layer(FEATURES).output, model.output)


def _whole(x: keras.KerasTensor, hidden: int, dropout: float, seed: int) -> keras.KerasTensor:
    """Stack the paper's layers: a multilayer perceptron over all features at once."""
    for number, width in enumerate((hidden, hidden // 2)):
        initialiser = keras.initializers.GlorotUniform(seed=seed + number)
        x = layers.Dense(width, kernel_initializer=initialiser)(x)
        x = layers.LeakyReLU(0.2)(x)
        x = ByteDropout(dropout, seed=seed + number)(x)
    return x


def _by_class(
    own: keras.KerasTensor, of_all: keras.KerasTensor, hidden: int, dropout: float, seed: int
) -> keras.KerasTensor:
    """Stack layers that share their weights over the classes, and see the others' mean.

    Sharing has the effect of `classes` times as many updates to learn from.
    """
    for number, width in enumerate((hidden, hidden // 4)):
        if number:
            of_all = AcrossClasses()(own)
        x = _beside_all(own, of_all, width, seed + number)
        own = ByteDropout(dropout, seed=seed + number)(x)
    return own


def _beside_all(
    own: keras.KerasTensor, of_all: keras.KerasTensor, width: int, seed: int
) -> keras.KerasTensor:
    """Apply a dense layer to values of a class beside those of all classes.

    The part of all classes is multiplied once for each update, not once for each class.

    Args:
        own: [batch, classes, values].
        of_all: [batch, 1, values].
        width: width of the output.
        seed: seed of the initial weights, which are those of one layer over both.
    """
    limit = (6 / (own.shape[-1] + of_all.shape[-1] + width)) ** 0.5
    parts = []
    for number, part in enumerate((own, of_all)):
        initialiser = keras.initializers.RandomUniform(-limit, limit, seed=seed + 100 * number)
        dense = layers.Dense(width, use_bias=not number, kernel_initializer=initialiser)
        parts.append(dense(part))
    return layers.Activation("gelu")(layers.Add()(parts))


@keras.saving.register_keras_serializable("ulk_tf")
class AcrossClasses(layers.Layer):
    """Mean and largest of each value over the classes."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """[batch, classes, width] -> [batch, 1, 2 * width]."""
        return tf.concat(
            [tf.reduce_mean(x, 1, keepdims=True), tf.reduce_max(x, 1, keepdims=True)], -1
        )

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of `call`'s answer."""
        return (shape[0], 1, 2 * (shape[2] or 0))
