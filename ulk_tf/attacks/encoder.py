"""The encoder that all four attacks share (paper: general attack construction)."""

import keras
import numpy as np
from keras import layers

from ulk_tf.attacks.features import fit_features
from ulk_tf.config import FeatureMap
from ulk_tf.corpus.build import Updates

# Shadow updates that are enough for the scaling constants.
SCALED_ON = 2000


def build_encoder(
    updates: Updates, feature_map: FeatureMap, hidden: int, dropout: float, seed: int
) -> keras.Model:
    """A multilayer perceptron over the features of the posteriors before and after.

    Args:
        updates: the shadow side; scaling constants and shapes come from it.
        feature_map: which features.
        hidden: width of the first layer; the second has half.
        dropout: rate after each layer.
        seed: of initial weights and dropout.

    Returns:
        A functional model, inputs `before` and `after` [batch, probes, classes], output
        [batch, hidden / 2].
    """
    rows = np.random.default_rng([seed, 6]).permutation(len(updates))[:SCALED_ON]
    features = fit_features(feature_map, updates.before[updates.base[rows]], updates.after[rows])
    shape = updates.after.shape[1:]
    before = keras.Input(shape, name="before")
    after = keras.Input(shape, name="after")
    x = features(before, after)
    for number, width in enumerate((hidden, hidden // 2)):
        initialiser = keras.initializers.GlorotUniform(seed=seed + number)
        x = layers.Dense(width, kernel_initializer=initialiser)(x)
        x = layers.LeakyReLU(0.2)(x)
        x = layers.Dropout(dropout, seed=seed + number)(x)
    return keras.Model({"before": before, "after": after}, x, name="encoder")
