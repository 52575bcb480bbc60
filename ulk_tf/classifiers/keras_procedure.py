"""The built-in procedure: a Keras classifier, trained by `fit`, updated by the update engine."""

from dataclasses import dataclass
from functools import lru_cache

import keras
import numpy as np

from ulk_tf.classifiers import given, keras_state, zoo
from ulk_tf.classifiers.fit_updates import FitUpdates
from ulk_tf.classifiers.following import update_sentence
from ulk_tf.classifiers.procedure import Change, Samples, Shape, Weights
from ulk_tf.classifiers.structure import architecture
from ulk_tf.classifiers.training import fit_base
from ulk_tf.classifiers.updates import UpdateEngine, engine_version
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest
from ulk_tf.settings.config import TrainingConfig, UpdateConfig
from ulk_tf.settings.experiment import Party


@dataclass(frozen=True)
class KerasProcedure:
    """A Keras classifier as a side trains, updates and asks it.

    It is a description of a few kilobytes, which travels to workers; models and graphs are made
    where they are needed.

    Attributes:
        target: as `zoo.build` takes it.
        training: how a base model is trained.
        updating: how it is updated.
        shape: of one sample.
        classes: how many.
        moments: mean and deviation of each feature of vectors, as text that `zoo` reads back.
        chunk_size: updates in one call of the graph; changes speed and memory only.
        json: the architecture of a classifier that was given in Python, where it can travel.
    """

    target: str
    training: TrainingConfig
    updating: UpdateConfig
    shape: Shape
    classes: int
    moments: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    chunk_size: int = 50
    json: str | None = None

    @classmethod
    def of(
        cls,
        party: Party,
        shape: Shape,
        classes: int,
        moments: tuple[Array, Array] | None = None,
        chunk_size: int = 50,
    ) -> "KerasProcedure":
        """The procedure of a party on samples of a shape.

        Args:
            party: whose it is.
            shape: of one sample.
            classes: how many.
            moments: as `Dataset.moments` has them.
            chunk_size: updates in one call of the graph.
        """
        told = None
        if moments is not None:
            mean, deviation = (tuple(map(float, part)) for part in moments)
            told = mean, deviation
        target = party.model.target
        known = given.given(target)
        return cls(
            target,
            party.training,
            party.update,
            shape,
            classes,
            told,
            chunk_size,
            known.json if known else None,
        )

    @property
    def version(self) -> str:
        """The version of the engine that updates this classifier."""
        return engine_version(_model(self), self.updating.compiled)

    @property
    def architecture(self) -> str:
        """A digest of the classifier's layers."""
        return architecture(_model(self))

    @property
    def sentence(self) -> str:
        """The update in words: whose optimizer and loss it takes."""
        return update_sentence(_model(self), self.updating, self.updating.compiled)

    def build(self) -> keras.Model:
        """A classifier with fresh weights, drawn from the process' seed."""
        if self.json:
            return given.from_json(self.json)
        moments = None
        if self.moments is not None:
            mean, deviation = (np.array(part, np.float32) for part in self.moments)
            moments = mean, deviation
        return zoo.build(self.target, self.shape, self.classes, moments)

    def fit(self, samples: Array, labels: Array, seed: int) -> Weights:
        """Train a base model; see `Procedure`."""
        # Initialisers and dropout draw from the global seed when the model is made.
        keras.utils.set_random_seed(seed)
        model = self.build()
        with keras_state.as_made(model):
            return fit_base(model, self.training, samples, labels, seed)

    def update(self, weights: Weights, change: Change, seed: int) -> Weights:
        """Update a classifier by Keras' own steps; see `Procedure`."""
        if len(change.removed) or len(change.kept):
            raise UserError(
                "an update that adds samples",
                f"{len(change.removed)} to remove and {len(change.kept)} to keep",
            )
        added = change.added
        pair = np.random.default_rng(seed).integers(0, 2**31 - 1, 2)
        updates = FitUpdates(self.build(), self.updating, added.samples[:1], self.updating.compiled)
        return updates.weights_after(weights, added.samples, added.labels, pair.tolist())

    def predict_proba(self, weights: Weights, samples: Array) -> Array:
        """Ask a classifier; see `Procedure`."""
        model = _model(self)
        model.set_weights(list(weights))
        # Plain calls: `predict` would trace a graph for each model and each shape.
        parts = [samples[start : start + 500] for start in range(0, len(samples), 500)]
        with keras_state.as_made(model):
            return np.concatenate([np.asarray(model(part, training=False)) for part in parts])

    def update_many(
        self, weights: Weights, sets: Samples, seeds: Array, probes: Array, first: int
    ) -> tuple[Array, Array]:
        """Update a base model many times; see `ManyUpdates`."""
        engine = _engine(self, _Probes(probes))
        after = engine.after(
            weights, sets.samples, sets.labels, seeds, chunk_size=self.chunk_size, first=first
        )
        return engine.before(weights), after


class _Probes:
    """A probing set as a key of a cache: equal where the samples are."""

    def __init__(self, samples: Array) -> None:
        self.samples = samples
        self._key = digest(samples)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Probes) and self._key == other._key


@lru_cache(maxsize=4)
def _model(procedure: KerasProcedure) -> keras.Model:
    """One model a process, for its shapes and layers; its weights are whatever was set last."""
    return procedure.build()


@lru_cache(maxsize=2)
def _engine(procedure: KerasProcedure, probes: _Probes) -> UpdateEngine:
    """One traced graph for all the shards of a worker."""
    return UpdateEngine(
        procedure.build(),
        procedure.updating,
        probes.samples,
        compiled=procedure.updating.compiled,
    )
