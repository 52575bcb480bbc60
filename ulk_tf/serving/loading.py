"""Loading an exported attack and running it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.serving import assets, seal
from ulk_tf.serving.export import versions
from ulk_tf.serving.graph import Graph
from ulk_tf.settings.attack_table import ATTACKS

# What the attacks of exports of schema 1 answer, which do not say it.
_OUTPUTS = {row.name: row.output for row in ATTACKS.values()}


class LoadedAttack:
    """An exported attack, loaded; it predicts like a classifier of scikit-learn.

    Args:
        path: a version folder, or the folder above it, of which the latest version is taken.

    Attributes:
        path: the version folder.
        metadata: the content of its ulk.json.
        probing_set: [probes, ...], with which both versions of a target are queried.

    Raises:
        UserError: it is no such export, or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = version_folder(path)
        known = assets.read(self.path)
        self.metadata: Mapping[str, Any] = known.metadata
        self.probing_set = known.probing_set
        self._described = Graph(self.path).signatures
        seal.announce(self.path)
        try:
            self._model = tf.saved_model.load(str(self.path))
        except Exception as error:  # TensorFlow raises what it likes at a strange folder
            reason = " ".join(str(error).split())[:300]
            raise UserError("an export that can be loaded", f"{self.path} ({reason})") from error

    @property
    def name(self) -> str:
        """Name of the attack."""
        return str(self.metadata["attack"])

    @property
    def class_names(self) -> list[str]:
        """Names of the target's classes; their numbers where the export has no names."""
        return class_names(self.path, self.metadata)

    @property
    def classes_(self) -> Array:
        """The target's class names, in the order of its posteriors."""
        return np.array(self.class_names)

    def predict(self, before: Array, after: Array, seeds: Array | None = None) -> Array:
        """Infer what updates were made of, from posteriors before and after them.

        Args:
            before: float32 [updates, probes, classes], or [probes, classes] for one update.
            after: the same shape.
            seeds: as `run` takes them.

        Returns:
            Of A_LI the label of each update, as a name of `classes_`; of any other attack its
            answer: label distributions, or samples in [0, 1].
        """
        answer = self._answer(before, after, seeds)
        if self.metadata.get("output", _OUTPUTS.get(self.name)) == "label_probabilities":
            return self.classes_[answer.argmax(-1)]
        return answer

    def predict_proba(self, before: Array, after: Array) -> Array:
        """Infer labels with probabilities, float32 [updates, classes]; arguments as `predict`.

        Raises:
            UserError: the attack infers samples, not labels.
        """
        answer = self._answer(before, after, None)
        if answer.ndim != 2 or answer.shape[1] != len(self.class_names):
            raise UserError("an attack that infers labels", self.name, "Use predict.")
        return answer

    def _answer(self, before: Array, after: Array, seeds: Array | None) -> Array:
        found = self.run(before, after, seeds)
        name = str(self.metadata.get("output", _OUTPUTS.get(self.name, "")))
        return found[name] if name in found else next(iter(found.values()))

    def run(
        self,
        before: Array,
        after: Array,
        seeds: Array | None = None,
        signature: str = "serving_default",
        **beside: Array,
    ) -> dict[str, Array]:
        """Run the attack on posteriors before and after updates.

        Args:
            before: float32 [batch, probes, classes], or [probes, classes] for one update.
            after: the same shape.
            seeds: int32 [batch, 2], for attacks with chance; (0, row) when None.
            signature: which signature to run.
            **beside: whatever else the attack takes, [batch, ...].

        Returns:
            Outputs by name, each with the batch as first dimension.

        Raises:
            UserError: there is no such signature, or the shapes do not fit it.
        """
        if signature not in self._described:
            have = ", ".join(sorted(self._described))
            raise UserError(f"a signature of {have}", f"{signature!r}")
        pair = [np.asarray(value, np.float32) for value in (before, after)]
        pair = [value[np.newaxis] if value.ndim == 2 else value for value in pair]
        wanted = self._described[signature].inputs
        shape = (wanted["before"].shape or ())[1:]
        if pair[0].shape != pair[1].shape or pair[0].shape[1:] != shape:
            raise UserError(
                f"before and after of shape [batch, {', '.join(map(str, shape))}]",
                f"{list(pair[0].shape)} and {list(pair[1].shape)}",
            )
        inputs: dict[str, Array] = {"before": pair[0], "after": pair[1]}
        if "seeds" in wanted:
            rows = np.arange(len(pair[0]), dtype=np.int32)
            default = np.stack([np.zeros_like(rows), rows], axis=1)
            inputs["seeds"] = default if seeds is None else np.asarray(seeds, np.int32)
        inputs |= {
            name: np.asarray(value, wanted[name].dtype)
            for name, value in beside.items()
            if name in wanted
        }
        lacking = [name for name in wanted if name not in inputs]
        if lacking:
            raise UserError(f"{', '.join(wanted)} for {self.path}", f"no {', '.join(lacking)}")
        tensors = {label: tf.constant(value) for label, value in inputs.items()}
        answers = self._model.signatures[signature](**tensors)
        return {label: value.numpy() for label, value in answers.items()}


def load_attack(path: Path) -> LoadedAttack:
    """Load an exported attack; see `LoadedAttack`.

    A SavedModel is a program: one that this user did not export is announced on standard error
    before it is loaded.
    """
    return LoadedAttack(Path(path))


def class_count(folder: Path) -> int:
    """How many classes the targets of an exported attack have.

    Raises:
        UserError: it does not take posteriors of a fixed number of classes.
    """
    default = Graph(folder).signatures.get("serving_default")
    shape = default.inputs["before"].shape if default and "before" in default.inputs else None
    if not shape or shape[-1] is None:
        raise UserError("an attack that takes before: [batch, probes, classes]", f"{folder}")
    return shape[-1]


def class_names(folder: Path, metadata: Mapping[str, Any]) -> list[str]:
    """The names of the classes of an exported attack; their numbers where it has no names.

    Args:
        folder: the version folder.
        metadata: the content of its ulk.json.

    Raises:
        UserError: as `class_count`.
    """
    classes = class_count(folder)
    told = metadata.get("class_names")
    if isinstance(told, list) and len(told) == classes:
        return [str(name) for name in told]
    return [str(number) for number in range(classes)]


def version_folder(path: Path) -> Path:
    """The version folder that `path` is, or the latest one in it.

    Raises:
        UserError: it is neither.
    """
    if (path / "saved_model.pb").is_file():
        return path
    found = versions(path)
    if not found:
        raise UserError("an exported attack: exported/<dataset>_<attack>/<version>", f"{path}")
    return next(p for p in path.iterdir() if p.name.isdigit() and int(p.name) == found[-1])
