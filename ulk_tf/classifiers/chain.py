"""Chain: a Keras classifier of common layers in line, translated into stages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import keras

from ulk_tf.classifiers import keras_state
from ulk_tf.classifiers.following import has_plain_rule
from ulk_tf.classifiers.plain_layers import is_plain_layer
from ulk_tf.classifiers.stages import (
    Convolution,
    Dense,
    Dropout,
    Elementwise,
    Flattening,
    Pooling,
    Stage,
)

# Layers that, without weights, map each sample separately and draw no random numbers.
_PREPARING = (
    keras.layers.Rescaling,
    keras.layers.Normalization,
    keras.layers.LayerNormalization,
    keras.layers.Flatten,
)


@dataclass(frozen=True)
class Chain:
    """Classifier as a chain of stages.

    Attributes:
        preparing: leading Keras layers without weights, applied to samples once.
        first: the first layer with weights; its input is the same for all versions.
        rest: the stages that follow.
    """

    preparing: tuple[keras.Layer, ...]
    first: Convolution | Dense
    rest: tuple[Stage, ...]


def as_chain(model: keras.Model, compiled: bool = True) -> Chain | None:
    """Translate a model into a chain; return None if it has any other structure.

    Args:
        model: a built classifier.
        compiled: True if an update uses the optimizer and the loss of a compiled model.
    """
    layers = _in_line(model)
    if layers is None or keras_state.of(model) is not None or not has_plain_rule(model, compiled):
        return None
    if not all(is_plain_layer(layer) for layer in model._flatten_layers(include_self=False)):
        return None
    start = next((i for i, layer in enumerate(layers) if layer.weights), len(layers))
    preparing = layers[:start]
    stages: list[Stage] = []
    for layer in layers[start:]:
        reader = _READERS.get(type(layer))
        translated = reader(_Read(layer, model)) if reader else None
        if translated is None:
            return None
        stages.extend(translated)
    if not stages or any(type(layer) not in _PREPARING for layer in preparing):
        return None
    first, *rest = _pooled(stages)
    if not isinstance(first, Convolution | Dense):
        return None
    return Chain(tuple(preparing), first, tuple(rest))


def _in_line(model: keras.Model) -> list[keras.Layer] | None:
    """Return the layers of a model that passes one tensor from layer to layer; None for others."""
    # The `call` method of a subclass can be any program.
    if not type(model).__module__.startswith("keras.") or len(model.inputs) != 1:
        return None
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    if isinstance(model, keras.Sequential):
        # Always in line. The check below would fail: layers added one by one keep the input
        # tensors of earlier graphs.
        return layers
    passed = model.inputs[0]
    for layer in layers:
        if layer.input is not passed:
            return None
        passed = layer.output
    return layers if len(model.outputs) == 1 and model.outputs[0] is passed else None


def _pooled(stages: Sequence[Stage]) -> list[Stage]:
    """Fuse each pooling with the convolution before it, past stages that keep the order."""
    result: list[Stage] = []
    for stage in stages:
        if isinstance(stage, Pooling):
            at = len(result)
            while at and _keeps_order(result[at - 1]):
                at -= 1
            before = result[at - 1] if at else None
            if isinstance(before, Convolution) and not before.pooled:
                result[at - 1] = replace(before, pooled=True)
                continue
        result.append(stage)
    return result


def _keeps_order(stage: Stage) -> bool:
    if isinstance(stage, Dropout):
        return stage.spatial
    return isinstance(stage, Elementwise) and stage.function is keras.activations.relu


@dataclass(frozen=True)
class _Read:
    """Layer to translate, and its model."""

    layer: keras.Layer
    model: keras.Model

    def variable(self, variable: keras.Variable) -> int:
        """Return the position of a variable among the trainable ones; -1 if it is not trained."""
        trainable = [id(trained) for trained in self.model.trainable_variables]
        return trainable.index(id(variable)) if id(variable) in trainable else -1

    def kernel_and_bias(self) -> tuple[int, int | None]:
        """Return the positions of kernel and bias among the trainable variables."""
        layer = self.layer
        return self.variable(layer.kernel), self.variable(layer.bias) if layer.use_bias else None

    def activation(self) -> list[Stage] | None:
        """Return the activation as stages; None for a function that may combine samples."""
        function = self.layer.activation
        if function is keras.activations.linear:
            return []
        known = function is getattr(keras.activations, getattr(function, "__name__", ""), None)
        return [Elementwise(function)] if known else None

    def followed(self, stage: Stage) -> list[Stage] | None:
        """Return a stage and the layer's activation behind it; None as for `activation`."""
        activation = self.activation()
        return None if activation is None else [stage, *activation]


def _convolution(read: _Read) -> list[Stage] | None:
    layer = read.layer
    kernel, bias = read.kernel_and_bias()
    plain = (
        layer.strides == (1, 1)
        and layer.dilation_rate == (1, 1)
        and layer.groups == 1
        and layer.data_format == "channels_last"
        and layer.padding in ("same", "valid")
    )
    if not plain or -1 in (kernel, bias):
        return None
    same = layer.padding == "same"
    return read.followed(Convolution(kernel, bias, layer.kernel_size, same, False))


def _dense(read: _Read) -> list[Stage] | None:
    kernel, bias = read.kernel_and_bias()
    if len(read.layer.input.shape) != 2 or -1 in (kernel, bias):
        return None
    return read.followed(Dense(kernel, bias))


def _dropout(read: _Read) -> list[Stage] | None:
    layer = read.layer
    if layer.rate == 0:
        return []
    spatial = isinstance(layer, keras.layers.SpatialDropout2D)
    wide = spatial and layer.data_format != "channels_last"
    if layer.rate == 1 or wide or getattr(layer, "noise_shape", None):
        return None
    states = [id(variable) for variable in read.model.non_trainable_variables]
    return [Dropout(layer.rate, states.index(id(layer.seed_generator.state)), spatial)]


def _relu(read: _Read) -> list[Stage] | None:
    layer = read.layer
    plain = layer.max_value is None and not layer.negative_slope and not layer.threshold
    return [Elementwise(keras.activations.relu)] if plain else None


def _max_pooling(read: _Read) -> list[Stage] | None:
    layer = read.layer
    usual = (
        layer.pool_size == (2, 2)
        and layer.strides == (2, 2)
        and layer.padding == "valid"
        and layer.data_format == "channels_last"
    )
    return [Pooling()] if usual else None


_READERS: dict[type, Callable[[_Read], list[Stage] | None]] = {
    keras.layers.Conv2D: _convolution,
    keras.layers.MaxPooling2D: _max_pooling,
    keras.layers.Dense: _dense,
    keras.layers.Dropout: _dropout,
    keras.layers.SpatialDropout2D: _dropout,
    keras.layers.ReLU: _relu,
    keras.layers.Activation: _Read.activation,
    keras.layers.Flatten: lambda _: [Flattening()],
}
