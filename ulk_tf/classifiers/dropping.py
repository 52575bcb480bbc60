"""Dropout of a classifier, at another rate than its own."""

from typing import Any

import keras

from ulk_tf.errors import UserError

LAYERS = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
)


def with_dropout(model: keras.Model, rate: float | None) -> keras.Model:
    """Return a classifier whose dropout layers have another rate, with new weights.

    Args:
        model: a built classifier.
        rate: the rate; when None, the model is returned as it is.

    Raises:
        UserError: it has no dropout layers.
    """
    if rate is None:
        return model
    if not any(isinstance(layer, LAYERS) for layer in model.layers):
        raise UserError("a --target with dropout layers for --target_dropout", model.name)

    def cloned(layer: Any) -> Any:
        config = layer.get_config()
        changed = {"rate": rate} if isinstance(layer, LAYERS) else {}
        return type(layer).from_config(config | changed)

    made = keras.models.clone_model(model, clone_function=cloned)
    if model.compiled and model.optimizer is not None:
        optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        made.compile(optimizer=optimizer, loss=model.loss)
    return made
