"""Keras procedure, the built-in one: trains by Keras' steps, updates with the update engine."""

from dataclasses import dataclass, replace
from functools import lru_cache

import keras
import numpy as np

from ulk_tf.classifiers import given, keras_state, zoo
from ulk_tf.classifiers.base_loop import BaseLoop, base_version
from ulk_tf.classifiers.dropping import with_dropout
from ulk_tf.classifiers.fit_updates import FitUpdates
from ulk_tf.classifiers.following import (
    is_own,
    of_classes,
    step_of,
    training_sentence,
    update_sentence,
)
from ulk_tf.classifiers.freezing import frozen
from ulk_tf.classifiers.general_updates import GeneralUpdates
from ulk_tf.classifiers.procedure import Change, Samples, Shape, Weights
from ulk_tf.classifiers.structure import architecture
from ulk_tf.classifiers.updates import UpdateEngine, engine_version
from ulk_tf.files import Array, digest
from ulk_tf.settings.config import TrainingConfig
from ulk_tf.settings.experiment import Party
from ulk_tf.settings.update_config import MOST_SIZES, UpdateConfig


@dataclass(frozen=True)
class KerasProcedure:
    """Procedure with a Keras classifier.

    It is a description of a few kilobytes that is sent to workers; each process builds its own
    model and graph.

    Attributes:
        target: value of --target; see `zoo.build`.
        training: settings of the base training.
        updating: settings of an update.
        shape: shape of one sample.
        classes: number of classes.
        moments: mean and deviation of each feature of vectors; None for images.
        chunk_size: updates in one call of the graph; changes speed and memory only.
        json: architecture of a classifier given in Python; None if Keras cannot serialise it.
        dropout: rate of its dropout layers; their own when None.
    """

    target: str
    training: TrainingConfig
    updating: UpdateConfig
    shape: Shape
    classes: int
    moments: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    chunk_size: int = 50
    json: str | None = None
    dropout: float | None = None

    @classmethod
    def of(
        cls,
        party: Party,
        shape: Shape,
        classes: int,
        moments: tuple[Array, Array] | None = None,
        chunk_size: int = 50,
    ) -> "KerasProcedure":
        """Make the procedure of a party.

        Args:
            party: settings of the side.
            shape: shape of one sample.
            classes: number of classes.
            moments: mean and deviation of each feature; see `Dataset.moments`.
            chunk_size: updates in one call of the graph.
        """
        moment_tuples = None
        if moments is not None:
            mean, deviation = (tuple(map(float, part)) for part in moments)
            moment_tuples = mean, deviation
        target = party.model.target
        known = given.given(target)
        return cls(
            target,
            party.training,
            party.update,
            shape,
            classes,
            moment_tuples,
            chunk_size,
            known.json if known else None,
            party.model.target_dropout,
        )

    @property
    def version(self) -> str:
        """Version of the engine that updates this classifier."""
        if self.updating.from_scratch:
            return "training"
        model = frozen(self.build(), self.updating.trained_layers)
        return engine_version(model, self.updating.compiled)

    @property
    def base_version(self) -> str:
        """Version of the loop that trains this classifier's base models."""
        return base_version(_model(self), self.training.base_compiled)

    @property
    def architecture(self) -> str:
        """Digest of the classifier's layers."""
        return architecture(_model(self))

    @property
    def sentence(self) -> str:
        """Sentences on the optimizer and the loss of base training and of an update."""
        model = _model(self)
        trained = training_sentence(model, self.training)
        if self.updating.from_scratch:
            return trained
        return f"{trained} {update_sentence(model, self.updating, self.updating.compiled)}"

    @property
    def takes_posteriors(self) -> bool:
        """True if `fit` takes posteriors: a compiled model's own loss may not."""
        return not is_own(_model(self), self.training.base_compiled)

    def build(self) -> keras.Model:
        """Build a classifier with new weights, drawn from Keras' global seed."""
        return with_dropout(self._plain(), self.dropout)

    def _plain(self) -> keras.Model:
        """Build the classifier with its own dropout."""
        if self.json:
            return given.from_json(self.json)
        moments = None
        if self.moments is not None:
            mean, deviation = (np.array(part, np.float32) for part in self.moments)
            moments = mean, deviation
        return zoo.build(self.target, self.shape, self.classes, moments)

    def reads(self, setting: str) -> bool:
        """Return True: every setting of base training and update counts."""
        return True

    def check(self, samples: Array, labels: Array, updating: UpdateConfig) -> None:
        """Raise `UserError` unless the classifier can be built for this shape, and updated."""
        self.build()
        # What the report says of an update may need a library that is not installed.
        _ = self.sentence

    def fit(self, samples: Array, labels: Array, seed: int) -> Weights:
        """Train a base model; see `Procedure`."""
        # First: to make the loop's own model draws from the global seed, too.
        loop = _loop(self, samples.dtype.str)
        # Initialisers and dropout draw from the global seed when the model is made.
        keras.utils.set_random_seed(seed)
        return loop.train(self.build(), samples, labels, seed)

    def update(self, weights: Weights, change: Change, seed: int) -> Weights:
        """Update a classifier, one update by itself; see `Procedure`.

        `updating.update_method` says which part of the change is trained on, and how.
        """
        added, removed, kept = change.added, change.removed, change.kept
        trained = {
            "retraining": kept + added,
            "unlearning_by_retraining": kept,
            "unlearning_by_fine_tuning": kept,
            "unlearning_by_ascent": removed,
        }.get(self.updating.update_method, added + kept)
        if self.updating.from_scratch:
            return self.fit(trained.samples, trained.labels, seed)
        pair = np.random.default_rng(seed).integers(0, 2**31 - 1, 2)
        engine = _single(self, trained.samples.shape[1:], str(trained.samples.dtype))
        return engine.weights_after(weights, trained.samples, trained.labels, pair.tolist())

    def predict_proba(self, weights: Weights, samples: Array) -> Array:
        """Query a classifier; see `Procedure`."""
        model = _model(self)
        model.set_weights(list(weights))
        # Eager calls: `predict` would trace a graph for each model and each shape.
        parts = [samples[start : start + 500] for start in range(0, len(samples), 500)]
        with keras_state.as_made(model):
            answers = [of_classes(model(part, training=False)) for part in parts]
        return np.concatenate([np.asarray(answer) for answer in answers])

    def update_many(
        self, weights: Weights, sets: Samples, seeds: Array, probes: Array, first: int
    ) -> tuple[Array, Array]:
        """Compute many updates of a base model; see `ManyUpdates`."""
        # The engine's sets hold old samples, too.
        size = sets.labels.shape[1] // self.updating.updates_between
        whole = replace(self, updating=replace(self.updating, set_size=size, set_sizes=None))
        engine = _engine(whole, _Probes(probes))
        after = engine.after(
            weights, sets.samples, sets.labels, seeds, chunk_size=self.chunk_size, first=first
        )
        return engine.before(weights), after


class _Probes:
    """Probing set as a hashable key of a cache; equal if the samples are."""

    def __init__(self, samples: Array) -> None:
        self.samples = samples
        self._key = digest(samples)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Probes) and self._key == other._key


@lru_cache(maxsize=4)
def _model(procedure: KerasProcedure) -> keras.Model:
    """Build one model in each process and cache it; its weights are those that were set last."""
    return procedure.build()


@lru_cache(maxsize=2)
def _single(procedure: KerasProcedure, shape: Shape, kind: str) -> GeneralUpdates | FitUpdates:
    """Build the path of single updates, once for all of them."""
    model, config = frozen(procedure.build(), procedure.updating.trained_layers), procedure.updating
    sample = np.zeros((1, *shape), kind)
    if config.privacy:
        return GeneralUpdates(model, config, step_of(model, config, config.compiled), sample)
    return FitUpdates(model, config, sample, config.compiled)


@lru_cache(maxsize=2)
def _loop(procedure: KerasProcedure, kind: str) -> BaseLoop:
    """Build one training loop, with one traced graph, for all base models of a worker."""
    like = np.zeros((1, *procedure.shape), kind)
    return BaseLoop(procedure.build(), procedure.training, like)


@lru_cache(maxsize=MOST_SIZES)
def _engine(procedure: KerasProcedure, probes: _Probes) -> UpdateEngine:
    """Build one engine, with one traced graph, for all shards of a worker."""
    return UpdateEngine(
        frozen(procedure.build(), procedure.updating.trained_layers),
        procedure.updating,
        probes.samples,
        compiled=procedure.updating.compiled,
    )
