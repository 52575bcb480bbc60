"""Losses of a compiled model: which one it has, and the labels that it takes."""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf

from ulk_tf.errors import UserError

# Classes that say nothing of the labels: what is inside them, or below them, does.
_BARE = (keras.losses.Loss, keras.losses.MeanSquaredError.__mro__[1])
_SPARSE = ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy", "crossentropy", "ce")


def is_cross_entropy(model: keras.Model) -> bool:
    """Tell whether a compiled model's loss is the usual one: cross-entropy over integer labels.

    Args:
        model: a compiled one.
    """
    loss, plain = model.loss, keras.losses.SparseCategoricalCrossentropy()
    if isinstance(loss, keras.losses.SparseCategoricalCrossentropy):
        usual = type(loss) is type(plain) and _unnamed(loss) == _unnamed(plain)
    elif isinstance(loss, str):
        usual = loss in _SPARSE[:2]
    else:
        usual = loss is keras.losses.sparse_categorical_crossentropy
    return usual and not _weighted(model)


def takes_one_hot(model: keras.Model) -> bool:
    """Tell whether a compiled model's loss takes one-hot labels instead of integers.

    Keras' own losses do, but for the sparse ones. Any other function takes labels as a data set
    has them: integers.

    Args:
        model: a compiled one.

    Raises:
        UserError: it has several losses that take different labels.
    """
    found = {_one_hot(loss) for loss in each_loss(model.loss)}
    if len(found) > 1:
        raise UserError(
            "a compiled target whose losses take the same labels",
            f"{loss_name(model)}, some of which take one-hot labels and others integers",
            "Use one kind, such as sparse_categorical_crossentropy.",
        )
    return found == {True}


def loss_name(model: keras.Model) -> str:
    """The losses of a compiled model, as a reader knows them."""
    names = [_name(loss) for loss in each_loss(model.loss)]
    return " and ".join(names) or "the losses that its layers add"


def labels_for(labels: tf.Tensor, one_hot: bool, classes: int) -> tf.Tensor:
    """Integer labels [n] as a loss takes them: as they are, or float32 [n, classes]."""
    return tf.one_hot(labels, classes) if one_hot else labels


def layer_losses(model: keras.Model, dtype: str) -> list[tf.Tensor]:
    """Losses that layers and their weights added in the last call, each one a number."""
    return [tf.cast(tf.reduce_sum(tf.convert_to_tensor(loss)), dtype) for loss in model.losses]


def _weighted(model: keras.Model) -> bool:
    """Tell whether losses are weighted; true where that cannot be found out."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return (model.get_compile_config() or {}).get("loss_weights") is not None
    except Exception:  # metrics of a user's own raise what they like
        return True


def each_loss(loss: Any) -> Iterator[Any]:
    """Yield the losses that were given to `compile`, out of lists and dicts.

    Args:
        loss: as `model.loss` has it.
    """
    if isinstance(loss, Mapping | list | tuple):
        for part in loss.values() if isinstance(loss, Mapping) else loss:
            yield from each_loss(part)
    elif loss is not None:
        yield loss


def _one_hot(loss: Any) -> bool:
    if isinstance(loss, str):
        return loss not in _SPARSE
    if isinstance(loss, keras.losses.Loss):
        kind = next(kind for kind in type(loss).__mro__ if kind.__module__.startswith("keras."))
        if kind not in _BARE:
            return kind.__name__ not in _SPARSE
        loss = getattr(loss, "fn", loss)
    own = getattr(loss, "__module__", None) or ""
    return own.startswith("keras.") and _name(loss) not in _SPARSE


def _name(loss: Any) -> str:
    return loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)


def _unnamed(loss: keras.losses.Loss) -> dict[str, Any]:
    return {key: value for key, value in loss.get_config().items() if key != "name"}
