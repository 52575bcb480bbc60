"""Refuses a model whose update cannot be followed: `fit` would run code that no graph holds."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.framework import op_def_registry

from ulk_tf.classifiers import keras_state
from ulk_tf.classifiers.watching import watched_call
from ulk_tf.errors import UserError

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
        shape: of one sample.

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
            raise _impure(
                model, f"{node.op}, as {node.name}, whose result no seed decides", _REMEDY
            )
    # Sorted: functions within come in any order.
    if sorted(map(_content, first)) != sorted(map(_content, second)):
        raise _impure(
            model,
            "Python that does something else each time",
            "Let a call depend on its inputs and on weights alone.",
        )


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
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UserError(
            "a target that TensorFlow can trace into a graph",
            f"{_culprits(model)} ({reason})",
            "Compute with keras.ops or TensorFlow, without NumPy or Python's own branches.",
        ) from error
    if unknown:
        names = ", ".join(unknown)
        raise _impure(model, f"state that no layer of it holds ({names})", _REMEDY)
    definition = graph.as_graph_def()
    return [*definition.node, *(n for body in definition.library.function for n in body.node_def)]


def _content(node: Any) -> tuple[str, list[tuple[str, bytes]]]:
    """Content of a node, whatever it and the functions that it calls are named."""
    attributes = [
        (name, value.SerializeToString(deterministic=True))
        for name, value in sorted(node.attr.items())
        if not name.startswith("_")
        and name not in ("shared_name", "container")
        and not value.HasField("func")
        and not value.list.func
    ]
    return node.op, attributes


def _impure(model: keras.Model, what: str, remedy: str) -> UserError:
    return UserError(
        "a target whose call depends on samples, weights and seeds alone",
        f"{_culprits(model)} with {what}",
        remedy,
    )


def _culprits(model: keras.Model) -> str:
    """The call methods that are not Keras' own."""
    kinds = [type(layer) for layer in model._flatten_layers()]
    own = {kind.__name__ for kind in kinds if not kind.__module__.startswith("keras.")}
    return " or ".join(f"{name}.call" for name in sorted(own)) or f"the model {model.name}"
