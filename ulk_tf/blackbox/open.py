"""Anything that answers posteriors: a served version, a model, a file, a function, a recording."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from ulk_tf.answers import interpret
from ulk_tf.blackbox import keras_file, local, onnx_file, saved_model
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.endpoint import Endpoint
from ulk_tf.blackbox.protocols.table import PROTOCOLS
from ulk_tf.blackbox.recording import RECORDED, RecordedSource
from ulk_tf.blackbox.source import Reply, Source
from ulk_tf.blackbox.tables import is_table
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.flag_types import PathText


class BlackBox:
    """A target that can be queried.

    Args:
        source: how it is reached.
        asking: settings of the queries.

    Attributes:
        name: what it is, as it may be written into files.
        batch: number of samples to ask for at once; None wants all of them.
        queries: samples sent, repeats after a failure too.
        version: what answered; empty where it cannot be known.
    """

    def __init__(self, source: Source, asking: Asking | None = None) -> None:
        self._source = source
        self.asking = asking or Asking()
        self.name = source.name
        self.batch = (self.asking.batch or source.batch) if source.batch else None
        self.queries = 0
        self.version = ""
        self._recognised: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what was done to reach the target and recognised in its answers."""
        return (*self._source.notes, *self._recognised)

    def posteriors(self, samples: Array) -> Array:
        """Query with `samples`.

        Args:
            samples: [n, ...], as stored.

        Returns:
            float32 [n, classes]; the means where `--repeat` asks each sample several times.

        Raises:
            UserError: no answer, none that posteriors can be had from, another version
                half-way, or no budget left.
        """
        step = self.batch or len(samples)
        parts = [self.ask_all(samples[i : i + step]) for i in range(0, len(samples), step)]
        found = interpret.interpret(np.concatenate(parts, axis=1))
        self._recognised = found.notes
        return found.posteriors

    def ask(self, samples: Array) -> Reply:
        """One request: the raw answers to at most `batch` samples.

        Args:
            samples: [n, ...], as stored; they are sent as `--scale` says.

        Raises:
            UserError: as `posteriors`.
        """
        reply = self._source.ask(self.asking.scaled(samples), self._spend)
        self.expect(reply.version)
        return reply

    def ask_all(self, samples: Array) -> Array:
        """The raw answers of every repeat, float64 [repeats, n, columns].

        Args:
            samples: [n, ...], as stored; at most `batch` of them.

        Raises:
            UserError: as `posteriors`.
        """
        replies = [self.ask(samples).values for _ in range(self.asking.repeat)]
        if len({reply.shape for reply in replies}) > 1:
            raise UserError("as many classes in every answer", "different numbers of them")
        return np.stack(replies)

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
        """Number of samples that may still be sent; None for any number."""
        allowed = self.asking.max_queries
        return None if allowed is None else max(0, allowed - self.queries)

    def check_budget(self, count: int) -> None:
        """Raise `UserError` unless so many samples may still be sent."""
        if self.left is not None and count > self.left:
            raise UserError(
                f"a budget of at least {self.queries + count} queries",
                f"--max_queries={self.asking.max_queries}, of which {self.queries} are spent",
                "Raise --max_queries.",
            )

    def _spend(self, count: int) -> None:
        self.check_budget(count)
        self.queries += count


def is_recording(target: str) -> bool:
    """Tell whether a target is a file of recorded answers."""
    suffix = Path(target).suffix.lower()
    if "://" in target or suffix not in RECORDED:
        return False
    return suffix != ".txt" or is_table(Path(target))


@dataclass(frozen=True)
class TargetForm:
    """One kind of target: what a target string of it looks like, and how it is opened."""

    form: str
    matches: Callable[[str], bool]
    open: Callable[[str, Asking, Sequence[str]], Source]


URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
FORMS = (
    TargetForm(
        ", ".join(kind.form for kind in PROTOCOLS),
        lambda text: URL.match(text) is not None,
        Endpoint,
    ),
    TargetForm(
        "<file>.keras",
        lambda text: text.endswith(".keras"),
        lambda text, asking, names: keras_file.from_keras_file(Path(text), asking, names),
    ),
    TargetForm(
        "<file>.onnx",
        lambda text: text.endswith(".onnx"),
        lambda text, asking, names: onnx_file.from_onnx_file(Path(text), asking, names),
    ),
    TargetForm(
        "<recorded>.npz, .npy, .csv, .tsv or .txt",
        is_recording,
        lambda text, asking, names: RecordedSource(Path(text), asking, names),
    ),
    TargetForm(
        "<SavedModel folder>",
        lambda text: Path(text).is_dir(),
        lambda text, asking, names: saved_model.from_saved_model(Path(text), asking, names),
    ),
    TargetForm(
        "module:function",
        lambda text: re.fullmatch(r"[\w.]+:\w+", text) is not None,
        local.from_import,
    ),
)

# Reading these can run what is in them.
CODE = {".h5", ".hdf5", ".joblib", ".pickle", ".pkl", ".pt", ".pth"}


def open_target(
    target: str | Path | keras.Model | Callable[[Array], object],
    asking: Asking | None = None,
    class_names: Sequence[str] = (),
) -> BlackBox:
    """Open a target.

    Args:
        target: a Keras model, a PyTorch module, a function of samples, or a path or string of one
            of `FORMS`; a leading ~ is the home directory.
        asking: settings of the queries.
        class_names: in the order that the attack knows; empty where nobody knows them.

    Raises:
        UserError: it is no target, or cannot be opened.
    """
    asking = asking or Asking()
    if isinstance(target, Path):
        target = str(target)
    if not (isinstance(target, str) and URL.match(target)):
        for name in ("protocol", "request", "answer"):
            if getattr(asking, name) is not None:
                raise UserError(f"a URL for --{name}", f"{target!r:.80}", f"Leave --{name} out.")
    return BlackBox(_source(target, asking, asking.names(class_names)), asking)


def _source(
    target: str | keras.Model | Callable[[Array], object],
    asking: Asking,
    class_names: Sequence[str],
) -> Source:
    if isinstance(target, keras.Model):
        return local.from_keras(target, asking=asking, class_names=class_names)
    if not isinstance(target, str):
        return local.from_function(target, "", asking, class_names)
    target = PathText(target)
    for kind in FORMS:
        if kind.matches(target):
            return kind.open(target, asking, class_names)
    if Path(target).suffix in CODE:
        raise UserError(
            "a target in a file that cannot hold code",
            target,
            "Save the model as .keras: model.save('model.keras')",
        )
    unknown = "of no such kind" if Path(target).exists() else "which does not exist"
    raise UserError(f"a target: {', '.join(kind.form for kind in FORMS)}", f"{target!r}, {unknown}")
