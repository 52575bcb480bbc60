"""A user's procedure: a class in any framework, checked at every call and run on one thread."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from ulk_tf.classifiers.procedure import Change, Procedure, Samples, Shape, Weights
from ulk_tf.classifiers.procedure_checks import (
    SEED_REMEDY,
    checked_posteriors,
    checked_weights,
    named,
    same,
    unchanged,
)
from ulk_tf.classifiers.procedure_class import PLANNED, class_of, settings_read, values_read
from ulk_tf.classifiers.procedure_source import source_of
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest
from ulk_tf.settings.experiment import Party
from ulk_tf.settings.update_config import UpdateConfig


@dataclass(frozen=True)
class OwnProcedure:
    """Procedure of a user's class.

    It is a description of a few bytes that is sent to workers; each process constructs the class
    once.

    Attributes:
        name: module:Class, or the name of a class given in Python.
        shape: shape of one sample.
        classes: number of classes.
        settings: settings that the class reads, name and value.
    """

    name: str
    shape: Shape
    classes: int
    settings: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, name: str, party: Party, shape: Shape, classes: int) -> "OwnProcedure":
        """Make the procedure of a party.

        Args:
            name: module:Class, or a name of `procedure_class.give`.
            party: settings of the side.
            shape: shape of one sample.
            classes: number of classes.

        Raises:
            UserError: the class cannot be imported, or is no procedure.
        """
        return cls(name, shape, classes, tuple(values_read(class_of(name), party).items()))

    @property
    def version(self) -> str:
        """Digest of the class' version, its source, and the versions of the libraries it imports.

        Two procedures with different versions never share a corpus.
        """
        source = source_of(class_of(self.name))
        version = _instance(self).version
        return digest(version, source.digest, sorted(source.libraries.items()))[:16]

    @property
    def base_version(self) -> str:
        """Version of base training, which is the class' own."""
        return self.version

    @property
    def architecture(self) -> str:
        """Digest of what decides a base model: the version, the class' name and its settings."""
        # The digest of a class without a name of its own contains its source, or its process.
        name = class_of(self.name).__qualname__
        return digest(self.version, name, self.shape, self.classes, self.settings)

    @property
    def sentence(self) -> str:
        """Sentence on the class, its version, its libraries, and the settings that count."""
        source = source_of(class_of(self.name))
        libraries = [f"{name} {version}" for name, version in sorted(source.libraries.items())]
        told = f"{self.name}, version {_instance(self).version}, source {source.digest[:8]}"
        read = [*PLANNED, *(f"{name}={value}" for name, value in self.settings)]
        only = f"of the settings of base training and update it reads {', '.join(read)}"
        return f"{', '.join([told, *libraries])}; {only}."

    def reads(self, setting: str) -> bool:
        """Return True if a setting of base training or update changes what it computes."""
        return setting in (*PLANNED, *settings_read(class_of(self.name)))

    def fit(self, samples: Array, labels: Array, seed: int) -> Weights:
        """Train a base model; see `Procedure`."""
        with self._calling("fit", samples=[samples], labels=[labels]) as method:
            weights = _instance(self).fit(samples, labels, seed)
        return checked_weights(method, weights)

    def update(self, weights: Weights, change: Change, seed: int) -> Weights:
        """Update a classifier; see `Procedure`."""
        parts = (change.added, change.removed, change.kept)
        arrays = [array for part in parts for array in (part.samples, part.labels)]
        with self._calling("update", weights=weights, change=arrays) as method:
            updated = _instance(self).update(weights, change, seed)
        return checked_weights(method, updated)

    def predict_proba(self, weights: Weights, samples: Array) -> Array:
        """Query a classifier; see `Procedure`."""
        with self._calling("predict_proba", weights=weights, samples=[samples]) as method:
            answers = _instance(self).predict_proba(weights, samples)
        return checked_posteriors(method, answers, len(samples), self.classes)

    def check(self, samples: Array, labels: Array, updating: UpdateConfig) -> None:
        """Train, update and query on a few samples, twice; nothing is written.

        Args:
            samples: samples of the side, [n, ...].
            labels: their labels, int32 [n].
            updating: settings of the update: what it adds, removes and keeps.

        Raises:
            UserError: a method raises, returns something else than the protocol says, changes its
                arguments, or returns something else when it is called again.
        """
        # One sample of each class, since many classifiers learn the classes from the labels.
        firsts = np.sort(np.unique(labels, return_index=True)[1])
        few = firsts if len(firsts) > 1 else np.arange(min(2, len(labels)))
        start = [self.fit(samples[few], labels[few], seed=1) for _ in range(2)]
        self._alike("fit", start)
        none, old = Samples.none_like(samples), Samples(samples[few], labels[few])
        rows = few[: min(updating.set_size, 2)]
        updating_set = Samples(samples[rows], labels[rows])
        change = Change(
            added=none if updating.removes else updating_set,
            removed=updating_set if updating.removes else none,
            kept=old if updating.reads_old else none,
        )
        updated = [self.update(start[0], change, seed=2) for _ in range(2)]
        self._alike("update", updated)
        queried = samples[few[:2]]
        answers = [(self.predict_proba(updated[0], queried),) for _ in range(2)]
        self._alike("predict_proba", answers)

    def _alike(self, method: str, results: Sequence[Sequence[Array]]) -> None:
        if not same(*results):
            raise UserError(
                f"{self.name}.{method} to return the same for the same arguments and seed",
                "something else when it was called again",
                SEED_REMEDY,
            )

    @contextlib.contextmanager
    def _calling(self, method: str, **arguments: Sequence[Array]) -> Iterator[str]:
        """Call a method in the block: on one thread, with its errors named."""
        name = f"{self.name}.{method}"
        threads = _threads(self)
        with (
            unchanged(name, list(arguments.items())),
            named(name),
            threads.limit(limits=1),
        ):
            yield name


@lru_cache(maxsize=8)
def _instance(procedure: OwnProcedure) -> Procedure:
    """Construct the class, once in each process."""
    cls = class_of(procedure.name)
    settings_read(cls)  # a constructor with other arguments is named as such
    with named(f"{procedure.name}{(procedure.shape, procedure.classes)}"):
        made: Any = cls(procedure.shape, procedure.classes, **dict(procedure.settings))
    if not isinstance(getattr(made, "version", None), str) or not made.version:
        raise UserError(
            f"{procedure.name} with a version, such as version = '1'",
            repr(getattr(made, "version", None)),
        )
    return made


@lru_cache(maxsize=8)
def _threads(procedure: OwnProcedure) -> ThreadpoolController:
    """Find the thread pools of BLAS and OpenMP, once a procedure has loaded its libraries."""
    _instance(procedure)
    return ThreadpoolController()
