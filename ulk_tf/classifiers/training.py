"""Base models: trained once, found again by what determines them."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.classifiers import zoo
from ulk_tf.classifiers.structure import architecture
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import BaseSplit
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest, load_npz, save_npz
from ulk_tf.settings.config import TargetConfig

__all__ = ["BaseModel", "architecture", "train_base"]
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


def train_base(
    target: str, config: TargetConfig, dataset: Dataset, split: BaseSplit, seed: int
) -> BaseModel:
    """Train a base model (paper's PyTorch code: SGD with momentum, cross-entropy).

    Args:
        target: as `zoo.build` takes it.
        config: how it is trained.
        dataset: all samples and labels.
        split: which of them it is trained on.
        seed: of initial weights, order and dropout.
    """
    # Initialisers and dropout draw from the global seed when the model is made.
    keras.utils.set_random_seed(seed)
    model = zoo.build(target, dataset.sample_shape, dataset.classes, dataset.moments)
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
    data = (dataset.samples[split.base], dataset.labels[split.base])
    batches = tf.data.Dataset.from_tensor_slices(data)
    batches = batches.shuffle(len(split.base), seed=seed).batch(config.base_batch)
    if config.base_epochs:
        model.fit(batches, epochs=config.base_epochs, verbose=0, shuffle=False)
    accuracies = [
        float(np.mean(_answers(model, dataset.samples[part]) == dataset.labels[part]))
        for part in (split.base[:CHECKED], split.pool[:CHECKED])
    ]
    weights = [np.asarray(variable) for variable in model.weights]
    return BaseModel(tuple(weights), *accuracies)


def _answers(model: keras.Model, samples: Array) -> Array:
    # Plain calls: `predict` would trace a graph for each model and each shape.
    parts = [samples[start : start + 500] for start in range(0, len(samples), 500)]
    return np.concatenate([np.asarray(model(part, training=False)).argmax(-1) for part in parts])
