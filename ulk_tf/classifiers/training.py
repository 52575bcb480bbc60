"""Base models: trained once, found again by what determines them."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.classifiers.procedure import Procedure
from ulk_tf.data.splits import BaseSplit
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest, load_npz, save_npz
from ulk_tf.settings.config import TrainingConfig

# Samples on which a base model's accuracy is measured; enough for two digits.
CHECKED = 2000


@dataclass(frozen=True)
class BaseModel:
    """A trained classifier before any update.

    Attributes:
        weights: as `model.get_weights()` gives them.
        train_accuracy: on the samples it was trained on.
        pool_accuracy: on samples of its pool, which it has not seen.
    """

    weights: tuple[Array, ...]
    train_accuracy: float
    pool_accuracy: float

    @property
    def digest(self) -> str:
        """Digest of the weights."""
        return digest(*self.weights)

    def save(self, path: Path, key: str) -> None:
        """Write to a .npz, whole or not at all.

        Args:
            path: of the file.
            key: what determines the model; `load` compares it.
        """
        named = {f"weight_{number:03d}": weight for number, weight in enumerate(self.weights)}
        accuracies = np.array([self.train_accuracy, self.pool_accuracy])
        checked = {"accuracies": accuracies, "key": np.array(key), "digest": np.array(self.digest)}
        save_npz(path, named | checked)

    @classmethod
    def load(cls, path: Path, key: str) -> "BaseModel":
        """Read what `save` wrote.

        Raises:
            UserError: damaged, or of another key.
        """
        arrays = load_npz(path)
        weights = tuple(arrays[name] for name in sorted(arrays) if name.startswith("weight_"))
        found = [str(arrays.get(name, "")) for name in ("key", "digest")]
        if found != [key, digest(*weights)] or "accuracies" not in arrays:
            raise UserError(f"the base model with key {key}", f"another one in {path}")
        train, pool = arrays["accuracies"]
        return cls(weights, float(train), float(pool))


def fit_base(
    model: keras.Model, config: TrainingConfig, samples: Array, labels: Array, seed: int
) -> tuple[Array, ...]:
    """Train a base model (paper's PyTorch code: SGD with momentum, cross-entropy).

    Args:
        model: with fresh weights.
        config: how it is trained.
        samples: [n, ...], as stored.
        labels: int32 [n].
        seed: of the order.

    Returns:
        Its weights, as `model.get_weights()` gives them.
    """
    optimizers = {
        "sgd": lambda: keras.optimizers.SGD(config.base_learning_rate, config.base_momentum),
        "adam": lambda: keras.optimizers.Adam(config.base_learning_rate),
    }
    model.compile(
        optimizers[config.base_optimizer](),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,
        steps_per_execution=8,
    )
    batches = tf.data.Dataset.from_tensor_slices((samples, labels))
    batches = batches.shuffle(len(samples), seed=seed).batch(config.base_batch)
    if config.base_epochs:
        model.fit(batches, epochs=config.base_epochs, verbose=0, shuffle=False)
    return tuple(np.asarray(variable) for variable in model.weights)


def train_base(
    procedure: Procedure, samples: Array, labels: Array, split: BaseSplit, seed: int
) -> BaseModel:
    """Train a base model by any procedure, and measure it.

    Args:
        procedure: the side's.
        samples: of the whole data set.
        labels: int32, of the whole data set.
        split: the samples that it may see.
        seed: of initial weights, order and dropout.
    """
    weights = procedure.fit(samples[split.base], labels[split.base], seed)
    accuracies = [
        float(np.mean(procedure.predict_proba(weights, samples[part]).argmax(-1) == labels[part]))
        for part in (split.base[:CHECKED], split.pool[:CHECKED])
    ]
    return BaseModel(weights, *accuracies)
