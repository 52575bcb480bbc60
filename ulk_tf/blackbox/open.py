"""Anything that answers posteriors: a served version, a model, a file, a function, a recording."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from ulk_tf.blackbox import answers, local
from ulk_tf.blackbox.endpoint import Endpoint
from ulk_tf.blackbox.recording import RecordedSource
from ulk_tf.blackbox.source import Reply, Source
from ulk_tf.errors import UserError
from ulk_tf.files import Array


class BlackBox:
    """A target that can be queried.

    Args:
        source: how it is reached.
        max_queries: how many samples may be sent to it in all; None for any number.
        queries: how many were sent to it before.

    Attributes:
        name: what it is, as it may be written into files.
        queries: samples sent, repeats after a failure too.
        version: what answered; empty where it cannot be known.
        notes: what was recognised in its answers, as sentences.
    """

    def __init__(self, source: Source, max_queries: int | None = None, queries: int = 0) -> None:
        self._source = source
        self._max_queries = max_queries
        self.name = source.name
        self.batch = source.batch
        self.queries = queries
        self.version = ""
        self.notes: tuple[str, ...] = ()

    def posteriors(self, samples: Array) -> Array:
        """Query with `samples`.

        Args:
            samples: [n, ...], as stored.

        Returns:
            float32 [n, classes]; rows sum to 1.

        Raises:
            UserError: no answer, none that posteriors can be had from, another version
                half-way, or no budget left.
        """
        step = self.batch or len(samples)
        parts = [self.ask(samples[i : i + step]).values for i in range(0, len(samples), step)]
        found = answers.interpret(np.concatenate(parts))
        self.notes = found.notes
        return found.posteriors

    def ask(self, samples: Array) -> Reply:
        """One request: the raw answers to at most `batch` samples.

        Raises:
            UserError: as `posteriors`.
        """
        reply = self._source.ask(samples, self._spend)
        self.expect(reply.version)
        return reply

    def expect(self, version: str) -> None:
        """Raise `UserError` when another version than `version` has answered before."""
        if self.version and version and version != self.version:
            raise UserError(
                f"version {self.version} of {self.name} to answer the whole probing set",
                f"version {version} half-way",
                "Probe one version by its own address, or start again.",
            )
        self.version = version or self.version

    @property
    def left(self) -> int | None:
        """How many samples may still be sent; None for any number."""
        return None if self._max_queries is None else max(0, self._max_queries - self.queries)

    def _spend(self, count: int) -> None:
        if self.left is not None and count > self.left:
            raise UserError(
                f"a budget of at least {self.queries + count} queries",
                f"--max_queries={self._max_queries}, of which {self.queries} are spent",
                "What was answered is kept; the same command with a larger budget goes on.",
            )
        self.queries += count


@dataclass(frozen=True)
class Form:
    """One kind of target: what a target string of it looks like, and how it is opened."""

    form: str
    matches: Callable[[str], bool]
    open: Callable[[str, str | None], Source]


FORMS = (
    Form(
        "http://host:8501/v1/models/<name>[/versions/<number>]",
        lambda text: re.match(r"[a-z][a-z0-9+.-]*://", text, re.IGNORECASE) is not None,
        Endpoint,
    ),
    Form(
        "<file>.keras",
        lambda text: text.endswith(".keras"),
        lambda text, output: local.from_keras_file(Path(text), output),
    ),
    Form(
        "<recorded>.npz or .csv",
        lambda text: text.endswith((".npz", ".csv")),
        lambda text, output: RecordedSource(Path(text), output),
    ),
    Form(
        "<SavedModel folder>",
        lambda text: Path(text).is_dir(),
        lambda text, output: local.from_saved_model(Path(text), output),
    ),
    Form(
        "module:function",
        lambda text: re.fullmatch(r"[\w.]+:\w+", text) is not None,
        lambda text, _: local.from_import(text),
    ),
)

# Reading these can run what is in them.
CODE = {".h5", ".hdf5", ".joblib", ".pickle", ".pkl", ".pt", ".pth"}


def open_target(
    target: str | keras.Model | Callable[[Array], object],
    *,
    output: str | None = None,
    max_queries: int | None = None,
    queries: int = 0,
) -> BlackBox:
    """Open a target.

    Args:
        target: a Keras model, a function of samples, or a string of one of `FORMS`.
        output: which of several outputs holds the posteriors; None finds it.
        max_queries: how many samples may be sent to it in all.
        queries: how many of these were sent before.

    Raises:
        UserError: it is no target, or cannot be opened.
    """
    return BlackBox(_source(target, output), max_queries, queries)


def _source(target: str | keras.Model | Callable[[Array], object], output: str | None) -> Source:
    if isinstance(target, keras.Model):
        return local.from_keras(target)
    if not isinstance(target, str):
        return local.FunctionSource(target, getattr(target, "__qualname__", "a function"))
    for kind in FORMS:
        if kind.matches(target):
            return kind.open(target, output)
    if Path(target).suffix in CODE:
        raise UserError(
            "a target in a file that cannot hold code",
            target,
            "Save the model as .keras: model.save('model.keras')",
        )
    unknown = "of no such kind" if Path(target).exists() else "which does not exist"
    raise UserError(f"a target: {', '.join(kind.form for kind in FORMS)}", f"{target!r}, {unknown}")
