"""Work of both sides of a comparison of updates: images, updating sets and a base model."""

from dataclasses import dataclass

import numpy as np

from ulk_tf.data.datasets import Dataset
from ulk_tf.files import Array
from ulk_tf.settings.update_config import UpdateConfig

SHAPES = {"mnist_cnn": (28, 28, 1), "lenet": (32, 32, 3)}
TESTED = 10_000  # samples in the test set; they come first
POOL = 2_000  # samples from which updating sets are drawn
PROBES = 100  # the first of the test set


@dataclass(frozen=True)
class Work:
    """Random images and updating sets, and a base model of the zoo.

    Attributes:
        target: name of the classifier.
        dataset: all samples.
        weights: of the base model.
        config: settings of an update.
        indices: int32 [updates, set_size].
        seeds: int32 [updates, 2].
    """

    target: str
    dataset: Dataset
    weights: tuple[Array, ...]
    config: UpdateConfig
    indices: Array
    seeds: Array


def draw(target: str, set_size: int, updates: int) -> Work:
    """Draw random work; computing time does not depend on its values.

    Args:
        target: name of the classifier in the zoo.
        set_size: samples in an updating set.
        updates: number of updates.
    """
    import keras  # noqa: PLC0415 - takes seconds, and workers of PyTorch import this module

    from ulk_tf.classifiers import zoo  # noqa: PLC0415

    rng = np.random.default_rng(0)
    samples = rng.integers(0, 256, (TESTED + POOL, *SHAPES[target]), np.uint8)
    labels = rng.integers(0, 10, len(samples)).astype(np.int32)
    keras.utils.set_random_seed(0)
    weights = tuple(zoo.build(target, SHAPES[target], 10).get_weights())
    return Work(
        target,
        Dataset("random", samples, labels, tuple("0123456789")),
        weights,
        UpdateConfig(set_size=set_size),
        rng.integers(TESTED, len(samples), (updates, set_size)).astype(np.int32),
        rng.integers(0, 2**31 - 1, (updates, 2)).astype(np.int32),
    )
