"""The update engine's widest path: the steps of `keras.Model.fit` themselves, in one graph.

Weights, optimizer and seed generators are the model's variables, set anew before each update. So
whatever Keras does in a step is done here: losses that layers add, constraints, clipping, weight
decay, moving averages, schedules, scaled losses of half precision.
"""

import contextlib
from collections.abc import Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.classifiers import keras_state
from ulk_tf.classifiers.batches import batches, direction, rows_of
from ulk_tf.classifiers.following import is_own, posteriors
from ulk_tf.classifiers.losses import labels_for, layer_losses, loss_name, takes_one_hot
from ulk_tf.classifiers.seeds import is_seed, seed_state
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.config import UpdateConfig

Tensors = list[tf.Tensor]


class FitUpdates:
    """Updates of one model, one after the other, by Keras' own step.

    Args:
        model: the classifier; its variables are as before after each call.
        config: how an update goes.
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
        self._own = is_own(model, compiled)
        self._one_hot = self._own and takes_one_hot(model)
        # What `compile` would compute losses in, which half-precision answers are cast to.
        self._loss_type = model.variable_dtype
        self._cross_entropy = keras.losses.SparseCategoricalCrossentropy(dtype=self._loss_type)
        with keras_state.as_made(model):
            self._optimizer = model.optimizer if self._own else _of_flags(model, config)
            self._fresh = _fresh_state(self._optimizer, model.trainable_variables)
            first = tf.cast(self._probing_set[:1], tf.float32)
            self._classes = int(model(first, training=False).shape[-1])
            self._refuse_loss()
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
            weights: of all its variables, seeds excepted, in the order of `model.weights`.
        """
        with _borrowed(self._model, self._optimizer):
            self._start(_tensors(weights))
            return np.asarray(self._probe())

    def after(self, weights: Sequence[Array], samples: Array, labels: Array, seeds: Array) -> Array:
        """Posteriors after each of some updates, float32 [updates, probes, classes].

        Args:
            weights: of the base model, in the order of `model.weights`.
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
            weights: of the base model.
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
            fn_output_signature=tf.TensorSpec((len(self._probing_set), self._classes), tf.float32),
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
                self._finish()
                self._renew_optimizer()
            rows = rows_of(batch, self._config, size, seed)
            self._step(tf.gather(samples, rows), tf.gather(labels, rows))
        self._finish()

    def _finish(self) -> None:
        """Do what `fit` does at its end: weights become their moving average, if there is one."""
        self._optimizer.finalize_variable_values(self._model.trainable_variables)

    def _renew_optimizer(self) -> None:
        for variable, value in zip(self._optimizer.variables, self._fresh, strict=True):
            variable.assign(value)

    def _start(self, weights: Tensors) -> None:
        """Set weights, and an optimizer that has not taken a step."""
        for variable, value in zip(self._model.weights, weights, strict=True):
            variable.assign(value)
        self._renew_optimizer()
        seeds = [v for v in self._model.non_trainable_variables if is_seed(v)]
        for variable in (*seeds, *self._model.metrics_variables):
            variable.assign(tf.zeros_like(variable.value))

    # Not inlined: the optimizer's passes over one step, not over all of them, cost half the time.
    @tf.function(autograph=False, experimental_attributes={"_noinline": True})
    def _step(self, samples: tf.Tensor, labels: tf.Tensor) -> None:
        """The body of Keras' `train_step`, without what it only reports."""
        weights = self._model.trainable_variables
        with tf.GradientTape() as tape:
            loss = self._loss(samples, labels) * direction(self._config)
            loss = self._optimizer.scale_loss(loss)
        if weights:
            gradients = tape.gradient(loss, weights)
            self._optimizer.apply_gradients(zip(gradients, weights, strict=True))

    def _loss(self, samples: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        answers = self._model(tf.cast(samples, tf.float32), training=True)
        labels = labels_for(labels, self._one_hot, self._classes)
        if self._own:
            return self._model.compute_loss(samples, labels, answers, None, training=True)
        added = layer_losses(self._model, self._loss_type)
        return tf.add_n([self._cross_entropy(labels, answers), *added])

    @tf.function(autograph=False)
    def _probe(self) -> tf.Tensor:
        return posteriors(self._model(tf.cast(self._probing_set, tf.float32), training=False))

    def _refuse_loss(self) -> None:
        # More samples than classes: a function that wants one-hot labels cannot take these.
        count = self._classes + 1
        samples = tf.TensorSpec((count, *self._probing_set.shape[1:]), tf.float32)
        labels = tf.TensorSpec((count,), tf.int32)
        try:
            tf.function(self._loss, autograph=False).get_concrete_function(samples, labels)
        except Exception as error:  # a user's loss raises what it likes
            taken = "one-hot labels" if self._one_hot else "integer labels"
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise UserError(
                f"a compiled target whose loss takes {taken}",
                f"{loss_name(self._model)} ({reason})",
                "Compile it with a loss of Keras such as sparse_categorical_crossentropy.",
            ) from error


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


def _of_flags(model: keras.Model, config: UpdateConfig) -> keras.Optimizer:
    """The flags' optimizer, as `compile` would take it."""
    rate = float(config.update_learning_rate)
    optimizers = {
        "sgd": lambda: keras.optimizers.SGD(rate, config.update_momentum),
        "adam": lambda: keras.optimizers.Adam(rate),
    }
    optimizer = optimizers[config.update_optimizer]()
    scaled = model.dtype_policy.name == "mixed_float16"
    return keras.optimizers.LossScaleOptimizer(optimizer) if scaled else optimizer


def _fresh_state(optimizer: keras.Optimizer, weights: list[keras.Variable]) -> list[Array]:
    """The values of an optimizer's variables before its first step."""
    fresh = optimizer
    if optimizer.built:
        # It may have taken steps; one made anew has not.
        try:
            fresh = type(optimizer).from_config(optimizer.get_config())
        except Exception as error:  # a user's optimizer raises what it likes
            raise UserError(
                "a compiled target whose optimizer can be made anew from its get_config",
                f"{type(optimizer).__name__} ({str(error).splitlines()[0]})",
                "Mark its class with @keras.saving.register_keras_serializable().",
            ) from error
    if not fresh.built:
        fresh.build(weights)
    if len(fresh.variables) != len(optimizer.variables):
        raise UserError(
            "a target that is compiled after its layers were frozen or thawed",
            f"an {type(optimizer).__name__} for other weights",
            "Call compile last.",
        )
    return [np.asarray(variable) for variable in fresh.variables]


def _tensors(arrays: Sequence[Array]) -> Tensors:
    return [tf.convert_to_tensor(array) for array in arrays]
