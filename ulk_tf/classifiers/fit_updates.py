"""The update engine's widest path: the steps of `keras.Model.fit` themselves, in one graph.

Weights, optimizer and seed generators are the model's variables, set anew before each update. So
whatever Keras does in a step is done here; see `keras_step.py`.
"""

import contextlib
from collections.abc import Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.classifiers import keras_state
from ulk_tf.classifiers.batches import batches, direction, rows_of
from ulk_tf.classifiers.following import flags_rule, is_own, posteriors
from ulk_tf.classifiers.keras_step import KerasStep
from ulk_tf.classifiers.seeds import is_seed, seed_state
from ulk_tf.files import Array
from ulk_tf.settings.update_config import UpdateConfig

Tensors = list[tf.Tensor]


class FitUpdates:
    """Updates of one model, one after the other, by Keras' own step.

    Args:
        model: the classifier; its variables are as before after each call.
        config: settings of an update.
        probing_set: samples [probes, ...].
        compiled: whether a compiled model's own optimizer and loss are used.

    Raises:
        UserError: the model's loss does not take the labels of a data set, or its optimizer
            cannot be made anew.
    """

    def __init__(
        self, model: keras.Model, config: UpdateConfig, probing_set: Array, compiled: bool
    ) -> None:
        self._model = model
        self._config = config
        self._probing_set = tf.constant(probing_set)
        own = is_own(model, compiled)
        self._step = KerasStep(model, flags_rule(config), own, probing_set, direction(config))
        self._optimizer = self._step.optimizer
        weights = [tf.TensorSpec(variable.shape, variable.dtype) for variable in model.weights]
        count = config.set_size * config.updates_between
        of_sets = [(None, count, *probing_set.shape[1:]), (None, count)]
        sets = [
            tf.TensorSpec(shape, kind)
            for shape, kind in zip(
                (*of_sets, (None, 2)), (self._probing_set.dtype, tf.int32, tf.int32), strict=True
            )
        ]
        # One trace for any number of updates: to optimize this graph takes seconds.
        self._chunk = tf.function(self._updates, input_signature=[weights, *sets], autograph=False)

    def before(self, weights: Sequence[Array]) -> Array:
        """Posteriors of a base model: float32 [probes, classes].

        Args:
            weights: weights of all its variables, seeds excepted, in the order of `model.weights`.
        """
        with _borrowed(self._model, self._optimizer):
            self._start(_tensors(weights))
            return np.asarray(self._probe())

    def after(self, weights: Sequence[Array], samples: Array, labels: Array, seeds: Array) -> Array:
        """Posteriors after each of some updates, float32 [updates, probes, classes].

        Args:
            weights: weights of the base model, in the order of `model.weights`.
            samples: updating sets [updates, set_size, ...].
            labels: int32 [updates, set_size].
            seeds: int32 [updates, 2].
        """
        with _borrowed(self._model, self._optimizer):
            return self._chunk(_tensors(weights), *_tensors([samples, labels, seeds])).numpy()

    def weights_after(
        self, weights: Sequence[Array], samples: Array, labels: Array, seed: Sequence[int]
    ) -> tuple[Array, ...]:
        """The weights of one updated version, in the order of `model.weights`.

        Args:
            weights: weights of the base model.
            samples: the updating set [n, ...].
            labels: int32 [n].
            seed: two numbers.
        """
        pair = tf.constant(seed, tf.int32)
        with _borrowed(self._model, self._optimizer):
            self._learn(_tensors(weights), tf.constant(samples), tf.constant(labels), pair)
            return tuple(np.asarray(variable) for variable in self._model.weights)

    def _updates(
        self, weights: Tensors, samples: tf.Tensor, labels: tf.Tensor, seeds: tf.Tensor
    ) -> tf.Tensor:
        return tf.map_fn(
            lambda one: self._update(weights, *one),
            (samples, labels, seeds),
            fn_output_signature=tf.TensorSpec(
                (len(self._probing_set), self._step.classes), tf.float32
            ),
            parallel_iterations=1,  # they share the model's variables
        )

    def _update(
        self, weights: Tensors, samples: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor
    ) -> tf.Tensor:
        """One updated version's posteriors on the probing set, [probes, classes]."""
        count = self._config.set_size * self._config.updates_between
        samples = tf.ensure_shape(samples, (count, *self._probing_set.shape[1:]))
        self._learn(weights, samples, tf.ensure_shape(labels, (count,)), seed)
        return self._probe()

    def _learn(
        self, weights: Tensors, samples: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor
    ) -> None:
        """Leave the weights of one updated version in the model's variables."""
        size = samples.shape[0] // self._config.updates_between
        self._start(weights)
        for position, variable in enumerate(self._model.non_trainable_variables):
            if is_seed(variable):
                variable.assign(seed_state(seed, position, variable.dtype))
        for number, batch in enumerate(batches(self._config, size)):
            if batch.renews and number:
                self._step.finish()
                self._step.start()
            rows = rows_of(batch, self._config, size, seed)
            self._step.take(tf.gather(samples, rows), tf.gather(labels, rows))
        self._step.finish()

    def _start(self, weights: Tensors) -> None:
        """Set weights, and an optimizer that has not taken a step."""
        for variable, value in zip(self._model.weights, weights, strict=True):
            variable.assign(value)
        self._step.start()
        seeds = [v for v in self._model.non_trainable_variables if is_seed(v)]
        for variable in (*seeds, *self._model.metrics_variables):
            variable.assign(tf.zeros_like(variable.value))

    @tf.function(autograph=False)
    def _probe(self) -> tf.Tensor:
        return posteriors(self._model(tf.cast(self._probing_set, tf.float32), training=False))


@contextlib.contextmanager
def _borrowed(model: keras.Model, optimizer: keras.Optimizer) -> Iterator[None]:
    """Use the variables of a model and of its optimizer, and give them back as they were."""
    state = [*model.variables, *model.metrics_variables, *optimizer.variables]
    kept = [(variable, np.asarray(variable)) for variable in state]
    try:
        with keras_state.as_made(model):
            yield
    finally:
        for variable, value in kept:
            variable.assign(value)


def _tensors(arrays: Sequence[Array]) -> Tensors:
    return [tf.convert_to_tensor(array) for array in arrays]
