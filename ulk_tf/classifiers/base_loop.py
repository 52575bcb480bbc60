"""Base training: the steps that `fit` would take, on the same batches, in one graph.

A step of a small classifier costs less than what surrounds it in `fit`: a data pipeline that
handles one sample after another, metrics, callbacks. Here a step gathers its batch from a tensor.
"""

from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.classifiers import keras_state
from ulk_tf.classifiers.following import flags_rule, is_own
from ulk_tf.classifiers.keras_step import KerasStep
from ulk_tf.files import Array
from ulk_tf.settings.config import TrainingConfig

# Written into the keys of base models and corpora: raise it when a base model's bytes change.
LOOP_VERSION = 1


class BaseLoop:
    """Training loop for all base models of one architecture; its graph is traced once.

    Args:
        model: the classifier, whose variables the loop uses.
        config: settings of the training.
        like: a sample or more, [n, ...], of the shape and type of all samples.

    Raises:
        UserError: the model's loss does not take the labels of a data set, or its optimizer
            cannot be made anew.
    """

    def __init__(self, model: keras.Model, config: TrainingConfig, like: Array) -> None:
        self._model = model
        self._config = config
        own = is_own(model, config.base_compiled)
        self._step = KerasStep(model, flags_rule(config), own, like)

    def train(
        self, fresh: keras.Model, samples: Array, labels: Array, seed: int
    ) -> tuple[Array, ...]:
        """Train a base model.

        Args:
            fresh: a model of the same architecture with new weights; it stays as it is.
            samples: training samples [n, ...], as stored.
            labels: their labels, int32 [n].
            seed: seed of the samples' order.

        Returns:
            The trained weights, in the order of `model.weights`.
        """
        for variable, value in zip(self._model.variables, fresh.variables, strict=True):
            variable.assign(value)
        self._step.start()
        data = tf.constant(samples), tf.constant(labels)
        with keras_state.as_made(self._model):
            for order in epoch_orders(len(samples), self._config.base_epochs, seed):
                self._epoch(*data, tf.constant(order))
            if self._config.base_epochs:
                self._step.finish()
        return tuple(np.array(variable) for variable in self._model.weights)

    @tf.function(autograph=False)
    def _epoch(self, samples: tf.Tensor, labels: tf.Tensor, order: tf.Tensor) -> None:
        size, batch = order.shape[0], self._config.base_batch

        def step(chosen: tf.Tensor) -> None:
            self._step.take(tf.gather(samples, chosen), tf.gather(labels, chosen))

        def full(number: tf.Tensor) -> tf.Tensor:
            start = number * batch
            step(tf.ensure_shape(order[start : start + batch], (batch,)))
            return number + 1

        count = size // batch
        tf.while_loop(lambda number: number < count, full, (0,), parallel_iterations=1)
        if size % batch:
            step(order[count * batch :])


def epoch_orders(size: int, epochs: int, seed: int) -> Iterator[Array]:
    """Yield the order of the samples in each epoch, int32 [size].

    It is the order in which `fit` takes them from a data set that is shuffled with this seed,
    after `keras.utils.set_random_seed`. `fit` opens the data set twice for each epoch; each opening
    draws the seeds of another order.

    Args:
        size: number of samples.
        epochs: number of epochs.
        seed: seed of the order.
    """
    # There is nothing to tune, and every opening would wait for a thread that tries.
    options = tf.data.Options()
    options.autotune.enabled = False
    shuffled = tf.data.Dataset.range(size).shuffle(size, seed=seed).batch(size)
    shuffled = shuffled.with_options(options)
    for _ in range(epochs):
        yield next(iter(shuffled)).numpy().astype(np.int32)
        iter(shuffled)


def base_version(model: keras.Model, compiled: bool = True) -> str:
    """Version of the code that trains a base model; another one may round differently.

    Args:
        model: the classifier's architecture.
        compiled: whether a compiled model's own optimizer and loss are used.
    """
    version = f"loop-{LOOP_VERSION}"
    return f"{version}-compiled" if is_own(model, compiled) else version
