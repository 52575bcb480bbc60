"""Settings that a chain's layers may have: any that nobody reads must be off."""

import warnings
from typing import Any

import keras

# Settings that `chain` reads or that change no update, by kind of layer.
_ALWAYS = {"name", "trainable", "dtype"}
_WEIGHTS = {"use_bias", "kernel_initializer", "bias_initializer", "activation"}
_PLACES = {"strides", "padding", "data_format"}
_READ: dict[type, set[str]] = {
    keras.layers.Rescaling: {"scale", "offset"},
    keras.layers.Normalization: {"axis", "mean", "variance", "invert"},
    keras.layers.LayerNormalization: {
        *("axis", "epsilon", "center", "scale", "rms_scaling"),
        *("beta_initializer", "gamma_initializer"),
    },
    keras.layers.Flatten: {"data_format"},
    keras.layers.Conv2D: {
        *("filters", "kernel_size", "dilation_rate", "groups"),
        *_PLACES,
        *_WEIGHTS,
    },
    keras.layers.MaxPooling2D: {"pool_size", *_PLACES},
    keras.layers.Dense: {"units", *_WEIGHTS},
    keras.layers.Dropout: {"rate", "seed", "noise_shape"},
    keras.layers.SpatialDropout2D: {"rate", "seed", "data_format"},
    keras.layers.ReLU: {"max_value", "negative_slope", "threshold"},
    keras.layers.Activation: {"activation"},
    keras.layers.InputLayer: {"batch_shape"},
}


def is_plain_layer(layer: keras.Layer) -> bool:
    """Tell whether a layer is of a known kind, in float32, with nothing else switched on.

    A regularizer, a constraint, a quantization, or a setting of a later Keras: whatever is not
    known must be None or False.

    Args:
        layer: a layer of a model.
    """
    known = _READ.get(type(layer))
    if known is None or layer.dtype_policy.name != "float32":
        return False
    with warnings.catch_warnings():
        # Keras warns of a lambda, which nobody is about to save here.
        warnings.simplefilter("ignore")
        settings: dict[str, Any] = layer.get_config()
    if layer.dtype != "float32":
        return False  # an input of integers, which are cut off
    others = [value for name, value in settings.items() if name not in known | _ALWAYS]
    weights = all(
        variable.regularizer is None and variable.constraint is None
        for variable in layer.trainable_variables
    )
    return weights and all(value is None or value is False for value in others)
