"""Base models: trained once, found again by what determines them."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.config import TargetConfig
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import BaseSplit
from ulk_tf.files import Array, digest, load_npz, save_npz
from ulk_tf.target import zoo

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

    def save(self, path: Path) -> None:
        """Write to a .npz, whole or not at all."""
        named = {f"weight_{number:03d}": weight for number, weight in enumerate(self.weights)}
        accuracies = np.array([self.train_accuracy, self.pool_accuracy])
        save_npz(path, named | {"accuracies": accuracies})

    @classmethod
    def load(cls, path: Path) -> "BaseModel":
        """Read what `save` wrote."""
        arrays = load_npz(path)
        train, pool = arrays.pop("accuracies")
        return cls(tuple(arrays[name] for name in sorted(arrays)), float(train), float(pool))


def architecture(model: keras.Model) -> str:
    """A digest of a model's layers, whatever names Keras numbered them with."""
    text = model.to_json()
    for number, layer in enumerate(model.layers):
        text = text.replace(f'"{layer.name}"', f'"layer {number}"')
    return digest(text.replace(f'"{model.name}"', '"model"'))


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
    model = zoo.build(target, dataset.sample_shape, dataset.classes)
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
    return np.asarray(model.predict(samples, batch_size=500, verbose=0)).argmax(-1)
