"""Trained attacks as others see them: named inputs, named outputs, the batch first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

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
            `before` and `after`, float32 [batch, probes, classes]; `seeds`, int32 [batch, 2],
            where there is chance; and whatever else a question consists of.
    """

    function: SignatureFunction
    inputs: Mapping[str, tf.TensorSpec]


@dataclass(frozen=True)
class TrainedAttack:
    """A trained attack, ready to be run or exported.

    Attributes:
        name: of the table of attacks; a part of paths.
        models: every Keras model whose variables the signatures use.
        signatures: by name; `serving_default` is the finished answer, and one of its outputs is
            named as the attack's row says.
    """

    name: str
    models: tuple[keras.Model, ...]
    signatures: Mapping[str, Signature]

    @classmethod
    def of(
        cls,
        name: str,
        function: SignatureFunction,
        inputs: Mapping[str, tf.TensorSpec],
        *models: keras.Model,
    ) -> "TrainedAttack":
        """An attack with one signature.

        Args:
            name: of the attack.
            function: see `Signature`; any function of tensors will do, trained or not.
            inputs: see `Signature`.
            *models: Keras models that it uses, if any.
        """
        return cls(name, models, {"serving_default": Signature(function, inputs)})

    @classmethod
    def of_model(cls, name: str, model: keras.Model, probes: int, classes: int) -> "TrainedAttack":
        """An attack that is one model.

        Args:
            name: of the attack.
            model: inputs `before` and `after`, float32 [batch, probes, classes]; named outputs.
            probes: number of probes.
            classes: number of classes.
        """
        return cls.of(
            name,
            lambda before, after: model({"before": before, "after": after}),
            pair_specs(probes, classes),
            model,
        )


@dataclass(frozen=True)
class Trained:
    """A trained attack with what its report and its scores need beside it.

    An attack whose baselines need more has a class of its own that adds it.

    Attributes:
        attack: the attack.
        curves: losses by epoch, by name; `val_<name>` is drawn with `<name>`.
        reused: parts that were on disk already, as a phrase; empty if there were none.
    """

    attack: TrainedAttack
    curves: Mapping[str, Sequence[float]]
    reused: str = field(default="", kw_only=True)


def pair_specs(probes: int, classes: int) -> dict[str, tf.TensorSpec]:
    """Inputs of every attack: posteriors before and after, float32 [batch, probes, classes]."""
    return {
        name: tf.TensorSpec((None, probes, classes), tf.float32, name=name)
        for name in ("before", "after")
    }
