"""Base models: trained once, saved and loaded by their key."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ulk_tf.classifiers.procedure import Procedure, TakesPosteriors, Weights
from ulk_tf.data.splits import BaseSplit
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest, load_npz, save_npz

# Samples on which a base model's accuracy is measured; enough for two digits.
CHECKED = 2000


@dataclass(frozen=True)
class BaseModel:
    """Trained classifier before any update.

    Attributes:
        weights: its weights, in the order of `model.get_weights()`.
        train_accuracy: accuracy on its training samples, 0 to 1; None if they are not known.
        pool_accuracy: accuracy on samples of its pool, on which it was not trained, 0 to 1.
    """

    weights: tuple[Array, ...]
    train_accuracy: float | None
    pool_accuracy: float

    @property
    def digest(self) -> str:
        """Digest of the weights."""
        return digest(*self.weights)

    def save(self, path: Path, key: str) -> None:
        """Write a .npz file, completely or not at all.

        Args:
            path: path of the file.
            key: digest of everything that determines the model; `load` compares it.
        """
        named = {f"weight_{number:03d}": weight for number, weight in enumerate(self.weights)}
        accuracies = np.array([self.train_accuracy, self.pool_accuracy], np.float64)
        checked = {"accuracies": accuracies, "key": np.array(key), "digest": np.array(self.digest)}
        save_npz(path, named | checked)

    @classmethod
    def load(cls, path: Path, key: str) -> "BaseModel":
        """Read a file of `save`.

        Args:
            path: path of the file.
            key: key that the file must have.

        Raises:
            UserError: the file is missing or damaged, or has another key.
        """
        arrays = load_npz(path)
        weights = tuple(arrays[name] for name in sorted(arrays) if name.startswith("weight_"))
        recorded = [str(arrays.get(name, "")) for name in ("key", "digest")]
        if recorded != [key, digest(*weights)] or "accuracies" not in arrays:
            raise UserError(f"the base model with key {key}", f"another one in {path}")
        train, pool = arrays["accuracies"]
        return cls(weights, float(train), float(pool))


def train_base(
    procedure: Procedure,
    samples: Array,
    labels: Array,
    split: BaseSplit,
    seed: int,
    answered: Array | None = None,
) -> BaseModel:
    """Train a base model with a procedure, and measure its accuracies.

    Args:
        procedure: procedure of the side.
        samples: samples of the whole data set, [n, ...].
        labels: labels of the whole data set, int32 [n].
        split: samples of the base model and of its pool.
        seed: seed of initial weights, order and dropout.
        answered: posteriors that take the place of its training samples' labels, float32
            [n, classes]; a procedure that takes labels alone is given the likeliest classes.
    """
    if answered is None:
        own = labels[split.base]
    elif isinstance(procedure, TakesPosteriors) and procedure.takes_posteriors:
        own = answered
    else:
        own = answered.argmax(-1).astype(np.int32)
    weights = procedure.fit(samples[split.base], own, seed)
    return measured(procedure, weights, samples, labels, split)


def measured(
    procedure: Procedure, weights: Weights, samples: Array, labels: Array, split: BaseSplit
) -> BaseModel:
    """Measure the accuracies of a base model.

    Args:
        procedure: procedure of the side.
        weights: weights of the base model.
        samples: samples of the whole data set, [n, ...].
        labels: labels of the whole data set, int32 [n].
        split: samples of the base model and of its pool; where its own are not known, its
            training accuracy is None.
    """
    accuracies = [
        float(np.mean(procedure.predict_proba(weights, samples[part]).argmax(-1) == labels[part]))
        if len(part)
        else None
        for part in (split.base[:CHECKED], split.pool[:CHECKED])
    ]
    return BaseModel(weights, accuracies[0], accuracies[1] or 0.0)
