"""Freezing: an update that trains the last layers of a classifier only."""

import keras

from ulk_tf.errors import UserError


def frozen(model: keras.Model, trained: int | None) -> keras.Model:
    """Freeze all layers with weights but the last ones, in place.

    A compiled model is compiled again, with its own optimizer and loss, since Keras fixes at that
    moment which weights are trained.

    Args:
        model: a built classifier.
        trained: number of layers with weights that stay trainable; all if None.

    Returns:
        The model.

    Raises:
        UserError: it has fewer layers with weights.
    """
    if trained is None:
        return model
    layers = [
        layer
        for layer in model._flatten_layers(include_self=False)
        if layer.weights and not getattr(layer, "layers", None)
    ]
    if trained > len(layers):
        raise UserError(
            f"--trained_layers up to the {len(layers)} layers with weights of {model.name}",
            trained,
        )
    for layer in layers[: len(layers) - trained]:
        layer.trainable = False
    if model.compiled and model.optimizer is not None:
        optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        model.compile(optimizer=optimizer, loss=model.loss)
    return model
