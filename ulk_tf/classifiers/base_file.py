"""Base models from files: a .keras file, a .npz file of weights, or a model given in Python."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ulk_tf import keras_files
from ulk_tf.classifiers import given, keras_state, own_target, zoo
from ulk_tf.classifiers.following import of_classes
from ulk_tf.classifiers.procedure import Procedure, Shape, Weights
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest, load_npz, sha256_file
from ulk_tf.reasons import reason
from ulk_tf.settings.experiment import Experiment, Party

PREFIX = "given:"
# Samples that two builds of one architecture must answer alike.
COMPARED = 16
_REMEDY = (
    "Move custom layers into a module that can be imported and registers them, and name there a "
    "function that builds the model: --target=module:function."
)


@dataclass(frozen=True)
class BaseFile:
    """Base model from a file or from Python.

    Attributes:
        name: the file, or the name of a model given in Python.
        weights: its weights, in the order of `model.weights`.
        model: the model; None where the file holds weights alone.
        architecture: name of its architecture as a value of --target; empty where the file holds
            weights alone.
    """

    name: str
    weights: Weights
    model: keras.Model | None
    architecture: str = ""

    @property
    def digest(self) -> str:
        """Digest of the weights."""
        return digest(*self.weights)


_GIVEN: dict[str, keras.Model | Weights] = {}


def give(model: keras.Model | Sequence[Array]) -> str:
    """Register a base model from Python, and return its name for settings.

    Args:
        model: a Keras model, or the weights of --target in the order of `model.weights`.
    """
    if isinstance(model, keras.Model):
        weights = _weights(model)
        kept: keras.Model | Weights = model
    elif isinstance(model, Sequence) and not isinstance(model, str):
        weights = kept = tuple(np.array(weight) for weight in model)
    else:
        raise UserError(
            "base_model as a .keras or .npz file, a keras.Model or a list of weights",
            type(model).__name__,
        )
    name = f"{PREFIX}base-{digest(*weights)[:12]}"
    _GIVEN[name] = kept
    return name


def is_portable(name: str | None) -> bool:
    """Return False for a model from Python whose architecture other processes cannot build."""
    model = _GIVEN.get(name or "")
    return not isinstance(model, keras.Model) or given.portable(model) is not None


def check(party: Party, flag: str) -> None:
    """Check that a side's base model is there and of a readable form, before data are loaded.

    Args:
        party: settings of the side.
        flag: name of the flag, for messages.

    Raises:
        UserError: there is no such file, or it is of another form.
    """
    name = party.model.base_model
    if name is None:
        return
    path, known = Path(name), _GIVEN.get(name)
    if party.model.procedure and (path.suffix == ".keras" or isinstance(known, keras.Model)):
        raise UserError(
            f"{flag} with the weights that --procedure={party.model.procedure} trains: a .npz file "
            "of its arrays, or a list of them in Python",
            f"{name}, a Keras model",
        )
    if known is not None:
        return
    if path.suffix not in (".keras", ".npz") or not path.is_file():
        raise UserError(
            f"{flag} to name a .keras file, or a .npz file of weights",
            f"{name}, {'which does not exist' if not path.exists() else 'which is neither'}",
        )
    if path.suffix == ".keras":
        keras_files.check_archive(path)


def opened(party: Party, shape: Shape, classes: int) -> BaseFile | None:
    """Open the base model of a side; None if the side trains its base models.

    Args:
        party: settings of the side.
        shape: shape of one sample.
        classes: number of classes.

    Raises:
        UserError: the file is missing, is no model, or does not fit the data.
    """
    name = party.model.base_model
    if name is None:
        return None
    check(party, "--base_model")
    known = _GIVEN.get(name)
    if isinstance(known, tuple):
        return BaseFile(name, _sound(known, name), None)
    content = name if known is not None else sha256_file(Path(name))
    return _opened(name, content, party.model.target, party.update.compiled, tuple(shape), classes)


@lru_cache(maxsize=4)
def _opened(
    name: str, _content: str, target: str, compiled: bool, shape: Shape, classes: int
) -> BaseFile:
    """Open a file once for all its uses, unless its content or its reading changes."""
    path, known = Path(name), _GIVEN.get(name)
    if known is None and path.suffix == ".npz":
        return BaseFile(name, _sound(_arrays(path), name), None)
    with keras_state.kept(seeds=True):
        if isinstance(known, keras.Model):
            model = known
        else:
            if ":" in target and given.given(target) is None:
                zoo.find(target)  # registers the custom layers of its module
            model = keras_files.load(path, _REMEDY, compiled)
        try:
            own_target.check(name, model, shape, classes)
        except UserError as error:
            raise UserError(
                f"--base_model that takes samples of shape {list(shape)} and answers posteriors "
                f"of {classes} classes, with softmax",
                f"{name}: {error.received}" if name not in str(error.received) else error.received,
                error.remedy,
            ) from error
        weights = _sound(_weights(model), name)
        architecture = given.give(model, shape, classes) if target == "auto" else ""
    return BaseFile(name, weights, model, architecture)


def with_architecture(experiment: Experiment, side: str, shape: Shape, classes: int) -> Party:
    """Return the settings of a side with the architecture that a base model's file brings.

    An adversary without a base model trains shadow models of the owner's architecture, unless
    she assumes another. A procedure of the user's brings its own.

    Args:
        experiment: all settings.
        side: owner or adversary.
        shape: shape of one sample.
        classes: number of classes.
    """
    party: Party = getattr(experiment, side)
    if party.model.target != "auto" or party.model.procedure:
        return party
    source = party.model.base_model or experiment.owner.model.base_model
    asked = replace(party, model=replace(party.model, base_model=source))
    found = opened(asked, shape, classes)
    if found is None or not found.architecture:
        return party
    return replace(party, model=replace(party.model, target=found.architecture))


def check_fit(found: BaseFile, procedure: Procedure, samples: Array, classes: int) -> None:
    """Check that a side's procedure can use the weights of a file, and answers as its model does.

    Args:
        found: the base model.
        procedure: procedure of the side.
        samples: some samples, [n, ...].
        classes: number of classes.

    Raises:
        UserError: the weights are those of another architecture.
    """
    some = samples[:COMPARED]
    shapes = ", ".join(str(list(weight.shape)) for weight in found.weights[:8])
    try:
        answers = np.asarray(procedure.predict_proba(found.weights, some), np.float64)
    except Exception as error:  # a framework raises what it likes at other weights
        raise UserError(
            "--base_model with weights of the architecture of --target",
            f"{found.name} with {len(found.weights)} arrays {shapes} ({reason(error)})",
            "Give the --target that these weights are of.",
        ) from error
    fits = answers.shape == (len(some), classes) and bool(np.isfinite(answers).all())
    if not fits or answers.min() < 0:
        raise UserError(
            f"--base_model whose posteriors are finite and of {classes} classes",
            f"{found.name} with answers of shape {list(answers.shape)}",
        )
    if found.model is not None:
        with keras_state.as_made(found.model):
            own = np.asarray(of_classes(found.model(some, training=False)), np.float64)
        if np.abs(own - answers).max() > 1e-3:
            raise UserError(
                "--base_model that answers as --target with its weights does",
                f"{found.name}, whose posteriors differ by {np.abs(own - answers).max():.2g}",
                "Leave --target out, or name the function that built this model.",
            )


def _weights(model: keras.Model) -> Weights:
    return tuple(np.array(variable) for variable in model.weights)


def _arrays(path: Path) -> Weights:
    """Read the arrays of a file in their order; of a base model saved by a run, its weights."""
    arrays = load_npz(path)
    saved = [name for name in arrays if name.startswith("weight_")]
    return tuple(arrays[name] for name in saved or arrays)


def _sound(weights: Weights, name: str) -> Weights:
    wrong: list[Any] = [w.dtype for w in weights if w.dtype.kind not in "fiub"]
    if not weights or wrong:
        raise UserError(
            f"arrays of numbers in {name}", f"{wrong[0]}" if wrong else "no array at all"
        )
    if not all(np.isfinite(weight).all() for weight in weights):
        raise UserError(f"finite weights in {name}", "NaN or infinity")
    return weights
