"""What a trained attack offers to the outside: named inputs, named outputs, the batch first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras
import tensorflow as tf

SignatureFunction = Callable[..., dict[str, tf.Tensor]]


@dataclass(frozen=True)
class Signature:
    """One callable of an attack.

    Attributes:
        function: takes the inputs as keyword tensors, returns named tensors; built of plain
            TensorFlow operations (no Python functions, no XLA), so that any server can run it.
        inputs: by name, TensorSpecs whose first dimension is the batch (None). Always
            `before` and `after`, float32 [batch, probes, classes]; and `seeds`, int32
            [batch, 2], where there is chance.
    """

    function: SignatureFunction
    inputs: Mapping[str, tf.TensorSpec]


@dataclass(frozen=True)
class TrainedAttack:
    """A trained attack, ready to be run or exported.

    Attributes:
        name: li, ssr, lde or msr.
        models: every Keras model whose variables the signatures use.
        signatures: by name; `serving_default` is the finished answer. Output names are
            `label_probabilities` (li), `label_distribution` (lde), `sample` (ssr),
            `samples` (msr, clustered already; a second signature `raw_samples` gives the
            generated samples before clustering).
    """

    name: str
    models: tuple[keras.Model, ...]
    signatures: Mapping[str, Signature]


def pair_specs(probes: int, classes: int) -> dict[str, tf.TensorSpec]:
    """The inputs of every attack: posteriors before and after, float32 [batch, probes, classes]."""
    return {
        name: tf.TensorSpec((None, probes, classes), tf.float32, name=name)
        for name in ("before", "after")
    }
