"""Refuses a model whose update cannot be followed: `fit` would run code that no graph holds."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.framework import op_def_registry

from ulk_tf.classifiers import keras_state
from ulk_tf.classifiers.watching import watched_call
from ulk_tf.errors import UserError
from ulk_tf.reasons import reason

# What decides how `fit` trains: a model with one of its own is trained by another procedure.
_OF_TRAINING = ("fit", "make_train_function", "train_step", "compute_loss")
# Stateful operations that change nothing, and those whose bodies are among the rest.
_HARMLESS = {
    *("VarHandleOp", "ReadVariableOp", "VarIsInitializedOp", "ResourceGather", "ResourceGatherNd"),
    *("While", "If", "Case", "StatefulPartitionedCall", "Assert", "PrintV2", "CheckNumericsV2"),
    *("HashTableV2", "LookupTableFindV2", "LookupTableSizeV2", "CudnnRNNV2", "CudnnRNNV3"),
}
_REMEDY = (
    "Draw with keras.random and a keras.random.SeedGenerator that is an attribute of the layer, "
    "and keep state in what its add_weight returns."
)


def refuse_unfollowed(model: keras.Model, shape: tuple[int, ...]) -> None:
    """Raise `UserError` where an update of a model would not be what `fit` does.

    Args:
        model: a built classifier.
        shape: shape of one sample.

    Raises:
        UserError: the model trains in a way of its own; or a call of it draws randomness, keeps
            state or runs Python in a way that an update's seed does not decide.
    """
    for name in _OF_TRAINING:
        own = getattr(type(model), name) is not getattr(keras.Model, name)
        if own or name in vars(model):
            raise UserError(
                "a target that is trained by Keras' own fit",
                f"{type(model).__name__}, which has a {name} of its own",
                "Give the loss to compile or add_loss, and the rule to an optimizer.",
            )
    with keras_state.as_made(model):
        first, second = _traced(model, shape), _traced(model, shape)
    for node in first:
        definition = op_def_registry.get(node.op)
        if definition is not None and definition.is_stateful and node.op not in _HARMLESS:
            what = f"{node.op}, as {node.name}, whose result no seed decides"
            raise _impure(model, what, _REMEDY, _layers_of(model, [node]))
    # Sorted: functions within come in any order.
    if sorted(map(_content, first)) != sorted(map(_content, second)):
        raise _impure(
            model,
            "Python that does something else each time",
            "Let a call depend on its inputs and on weights alone.",
            _changed(model, first, second),
        )


def differing(model: keras.Model) -> UserError | None:
    """Find layers whose output has another shape in prediction than in training.

    `keras.layers.RandomCrop` is such a layer: in prediction it crops nothing.

    Args:
        model: a built classifier.

    Returns:
        The error that names them, or None if there are none.
    """
    found = [layer for layer in model._flatten_layers(include_self=False) if _differs(layer)]
    if not found:
        return None
    return UserError(
        "a target whose layers have outputs of one shape in training and in prediction",
        " and ".join(f"{type(layer).__name__} ({layer.name})" for layer in found),
        "Put keras.layers.CenterCrop of the same size behind it, which does nothing in training.",
    )


def _differs(layer: keras.Layer) -> bool:
    more = {"training": False} if layer._call_has_training_arg else {}
    try:
        declared = layer.output.shape[1:]
        answer = layer(tf.zeros((1, *layer.input.shape[1:])), **more)
        return tuple(answer.shape[1:]) != tuple(declared)
    except Exception:  # a layer of several inputs, or called by a class of the user's own
        return False


def _traced(model: keras.Model, shape: tuple[int, ...]) -> list[Any]:
    """The nodes of a call in training and of one afterwards, those of functions within included."""
    unknown: list[str] = []

    def call(samples: tf.Tensor) -> Any:
        seen = [watched_call(model, samples, training) for training in (True, False)]
        unknown.extend(seen[0].unknown)
        return [(one.answers, one.losses) for one in seen]

    samples = tf.TensorSpec((2, *shape), tf.float32)
    try:
        graph = tf.function(call, autograph=False).get_concrete_function(samples).graph
    except Exception as error:  # a user's layers raise what they like
        if "stateless scope" in str(error):
            raise _impure(model, "variables that are made while it is called", _REMEDY) from error
        if (refused := differing(model)) is not None:
            raise refused from error
        raise UserError(
            "a target that TensorFlow can trace into a graph",
            f"{_culprits(model)} ({reason(error)})",
            "Compute with keras.ops or TensorFlow, without NumPy or Python's own branches.",
        ) from error
    if unknown:
        names = ", ".join(unknown)
        raise _impure(model, f"state that no layer of it holds ({names})", _REMEDY)
    definition = graph.as_graph_def()
    return [*definition.node, *(n for body in definition.library.function for n in body.node_def)]


def _content(node: Any) -> tuple[str, tuple[tuple[str, bytes], ...]]:
    """Content of a node, whatever it and the functions that it calls are named."""
    attributes = (
        (name, value.SerializeToString(deterministic=True))
        for name, value in sorted(node.attr.items())
        if not name.startswith("_")
        and name not in ("shared_name", "container")
        and not value.HasField("func")
        and not value.list.func
    )
    return node.op, tuple(attributes)


def _impure(
    model: keras.Model, what: str, remedy: str, layers: Iterable[keras.Layer] = ()
) -> UserError:
    return UserError(
        "a target whose call depends on samples, weights and seeds alone",
        f"{_culprits(model, layers)} with {what}",
        remedy,
    )


def _culprits(model: keras.Model, layers: Iterable[keras.Layer] = ()) -> str:
    """Names of layers; if there are none, of all layers that are not Keras' own."""
    own = [layer for layer in model._flatten_layers() if not _is_keras(layer)]
    named = list(layers) or own
    names = {type(layer).__name__ + ("" if _is_keras(layer) else ".call") for layer in named}
    return " or ".join(sorted(names)) or f"the model {model.name}"


def _is_keras(layer: keras.Layer) -> bool:
    return type(layer).__module__.startswith("keras.")


def _changed(model: keras.Model, first: list[Any], second: list[Any]) -> list[keras.Layer]:
    """The layers in which two traces differ."""
    layers = _by_name(model)
    counts = [
        Counter((_scope(node, layers), _content(node)) for node in nodes)
        for nodes in (first, second)
    ]
    scopes = {scope for scope, _ in (counts[0] - counts[1]) + (counts[1] - counts[0])}
    return [layers[scope] for scope in scopes if scope is not None]


def _layers_of(model: keras.Model, nodes: list[Any]) -> list[keras.Layer]:
    """The layers in which nodes of a graph lie, each the innermost one."""
    layers = _by_name(model)
    scopes = [_scope(node, layers) for node in nodes]
    return [layers[scope] for scope in scopes if scope is not None]


def _by_name(model: keras.Model) -> dict[str, keras.Layer]:
    return {layer.name: layer for layer in model._flatten_layers(include_self=False)}


def _scope(node: Any, layers: Mapping[str, keras.Layer]) -> str | None:
    """The name of the innermost layer in whose scope a node lies."""
    for part in reversed(node.name.split("/")):
        # TensorFlow numbers a scope that occurs again.
        for name in (part, re.sub(r"_\d+$", "", part)):
            if name in layers:
                return name
    return None
