"""Load an exported attack and run it in Python."""

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

# Main output of each attack, for exports of schema 1, whose metadata lack it.
_OUTPUTS = {row.name: row.output for row in ATTACKS.values()}


class LoadedAttack:
    """Loaded export of an attack, with the interface of a scikit-learn classifier.

    Args:
        path: a version folder, or the folder above it, whose latest version is loaded.

    Attributes:
        path: the version folder.
        other_versions: folders of the export's other versions, the latest first; none where
            `path` named a version.
        metadata: the content of its ulk.json.
        probing_set: [probes, ...], with which both versions of a target are queried.
        notes: sentences about it that were said when it was loaded.

    Raises:
        UserError: the path holds no export of an attack, or a damaged one.
    """

    def __init__(self, path: Path) -> None:
        self.path, *others = _version_folders(path)
        self.other_versions = tuple(others)
        extras = assets.read(self.path)
        self.metadata: Mapping[str, Any] = extras.metadata
        self.probing_set = extras.probing_set
        self._signatures = Graph(self.path).signatures
        announced = seal.announce(self.path)
        self.notes: tuple[str, ...] = (announced,) if announced else ()
        try:
            self._model = tf.saved_model.load(str(self.path))
        except Exception as error:  # TensorFlow documents no exceptions for a damaged folder
            reason = " ".join(str(error).split())[:300]
            raise UserError("an export that can be loaded", f"{self.path} ({reason})") from error

    @property
    def name(self) -> str:
        """Name of the attack."""
        return str(self.metadata["attack"])

    @property
    def class_names(self) -> list[str]:
        """Names of the target's classes; their numbers if the export has no names."""
        return class_names(self.path, self.metadata)

    @property
    def classes_(self) -> Array:
        """Names of the target's classes, in the order of its posteriors."""
        return np.array(self.class_names)

    def predict(self, before: Array, after: Array, seeds: Array | None = None) -> Array:
        """Infer the updating sets of updates from posteriors before and after them.

        Args:
            before: float32 [updates, probes, classes], or [probes, classes] for one update.
            after: the same shape.
            seeds: int32 [updates, 2]; see `run`.

        Returns:
            For A_LI, the label of each update as a name of `classes_`, [updates]; for A_LDE,
            label distributions [updates, classes]; for A_SSR and A_MSR, samples in [0, 1].
        """
        output = self._output(before, after, seeds)
        if self.metadata.get("output", _OUTPUTS.get(self.name)) == "label_probabilities":
            return self.classes_[output.argmax(-1)]
        return output

    def predict_proba(self, before: Array, after: Array) -> Array:
        """Infer label probabilities, float32 [updates, classes].

        Args:
            before: float32 [updates, probes, classes], or [probes, classes] for one update.
            after: the same shape.

        Raises:
            UserError: the attack infers samples, not labels.
        """
        output = self._output(before, after, None)
        if output.ndim != 2 or output.shape[1] != len(self.class_names):
            raise UserError("an attack that infers labels", self.name, "Use predict.")
        return output

    def _output(self, before: Array, after: Array, seeds: Array | None) -> Array:
        outputs = self.run(before, after, seeds)
        name = str(self.metadata.get("output", _OUTPUTS.get(self.name, "")))
        return outputs[name] if name in outputs else next(iter(outputs.values()))

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
            seeds: int32 [batch, 2], for attacks that draw random numbers; (0, row) when None.
            signature: name of the signature to run.
            **beside: further inputs of the signature by name, [batch, ...].

        Returns:
            Outputs by name, each [batch, ...].

        Raises:
            UserError: the signature does not exist, or the shapes do not fit it.
        """
        if signature not in self._signatures:
            have = ", ".join(sorted(self._signatures))
            raise UserError(f"a signature of {have}", f"{signature!r}")
        pair = [np.asarray(value, np.float32) for value in (before, after)]
        pair = [value[np.newaxis] if value.ndim == 2 else value for value in pair]
        specs = self._signatures[signature].inputs
        shape = (specs["before"].shape or ())[1:]
        if pair[0].shape != pair[1].shape or pair[0].shape[1:] != shape:
            raise UserError(
                f"before and after of shape [batch, {', '.join(map(str, shape))}]",
                f"{list(pair[0].shape)} and {list(pair[1].shape)}",
            )
        inputs: dict[str, Array] = {"before": pair[0], "after": pair[1]}
        if "seeds" in specs:
            rows = np.arange(len(pair[0]), dtype=np.int32)
            default = np.stack([np.zeros_like(rows), rows], axis=1)
            inputs["seeds"] = default if seeds is None else np.asarray(seeds, np.int32)
        inputs |= {
            name: np.asarray(value, specs[name].dtype)
            for name, value in beside.items()
            if name in specs
        }
        missing = [name for name in specs if name not in inputs]
        if missing:
            raise UserError(f"{', '.join(specs)} for {self.path}", f"no {', '.join(missing)}")
        tensors = {label: tf.constant(value) for label, value in inputs.items()}
        outputs = self._model.signatures[signature](**tensors)
        return {label: value.numpy() for label, value in outputs.items()}


def load_attack(path: Path) -> LoadedAttack:
    """Load an exported attack; see `LoadedAttack`.

    A SavedModel is a program: unless this user exported it on this machine, a warning is printed
    on standard error before it is loaded.

    Args:
        path: a version folder, or the folder above it, whose latest version is loaded.
    """
    return LoadedAttack(Path(path))


def class_count(folder: Path) -> int:
    """Return the number of classes of an exported attack's targets.

    Args:
        folder: the version folder.

    Raises:
        UserError: the export does not take posteriors over a fixed number of classes.
    """
    default = Graph(folder).signatures.get("serving_default")
    shape = default.inputs["before"].shape if default and "before" in default.inputs else None
    if not shape or shape[-1] is None:
        raise UserError("an attack that takes before: [batch, probes, classes]", f"{folder}")
    return shape[-1]


def class_names(folder: Path, metadata: Mapping[str, Any]) -> list[str]:
    """Return the class names of an exported attack's targets; their numbers if it has no names.

    Args:
        folder: the version folder.
        metadata: the content of its ulk.json.

    Raises:
        UserError: the export does not take posteriors over a fixed number of classes.
    """
    classes = class_count(folder)
    names = metadata.get("class_names")
    if isinstance(names, list) and len(names) == classes:
        return [str(name) for name in names]
    return [str(number) for number in range(classes)]


def version_folder(path: Path) -> Path:
    """Return `path` if it is a version folder, else the latest version folder in it.

    Args:
        path: a version folder, or the folder above it.

    Raises:
        UserError: the path is neither.
    """
    return _version_folders(path)[0]


def _version_folders(path: Path) -> list[Path]:
    """List `path` if it is a version folder, else the version folders in it, the latest first."""
    if (path / "saved_model.pb").is_file():
        return [path]
    numbers = versions(path)
    if not numbers:
        raise UserError("an exported attack: exported/<dataset>_<attack>/<version>", f"{path}")
    folders = {int(p.name): p for p in path.iterdir() if p.name.isascii() and p.name.isdigit()}
    return [folders[number] for number in reversed(numbers)]
