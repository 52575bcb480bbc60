"""Procedure of a side: the built-in Keras one, or the class of a user's."""

from typing import Protocol

from ulk_tf.classifiers.keras_procedure import KerasProcedure
from ulk_tf.classifiers.own_procedure import OwnProcedure
from ulk_tf.classifiers.procedure import Procedure, Shape
from ulk_tf.files import Array
from ulk_tf.settings.experiment import Party
from ulk_tf.settings.update_config import UpdateConfig


class SideProcedure(Procedure, Protocol):
    """Interface of a procedure that a side's settings describe; it is sent to workers."""

    @property
    def classes(self) -> int:
        """Number of classes."""

    @property
    def base_version(self) -> str:
        """Version of base training, part of the keys of base models and corpora."""

    @property
    def architecture(self) -> str:
        """Digest of what decides a base model, besides its data, settings and seed."""

    @property
    def sentence(self) -> str:
        """Sentence on how it updates classifiers, for reports."""

    def reads(self, setting: str) -> bool:
        """Return True if a setting of base training or update changes what it computes."""

    def check(self, samples: Array, labels: Array, updating: UpdateConfig) -> None:
        """Raise `UserError` unless it works on samples of the side."""


def procedure_of(
    party: Party,
    shape: Shape,
    classes: int,
    moments: tuple[Array, Array] | None = None,
    chunk_size: int = 50,
) -> SideProcedure:
    """Make the procedure of a party.

    Args:
        party: settings of the side.
        shape: shape of one sample.
        classes: number of classes.
        moments: mean and deviation of each feature; see `Dataset.moments`.
        chunk_size: updates in one call of the built-in procedure's graph.

    Raises:
        UserError: the class of --procedure cannot be imported, or is no procedure.
    """
    if party.model.procedure is not None:
        return OwnProcedure.of(party.model.procedure, party, shape, classes)
    return KerasProcedure.of(party, shape, classes, moments, chunk_size)
