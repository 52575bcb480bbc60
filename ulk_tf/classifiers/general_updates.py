"""The update engine's general path: any model with a plain rule on cross-entropy alone."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.classifiers.batches import batches, direction, rows_of
from ulk_tf.classifiers.optimizers import Step, Tensors
from ulk_tf.classifiers.private import moved_state, private_average
from ulk_tf.classifiers.seeds import is_seed, sample_seed, seed_state
from ulk_tf.files import Array
from ulk_tf.settings.privacy import Privacy
from ulk_tf.settings.update_config import UpdateConfig


class GeneralUpdates:
    """Updates of one model as stateless calls, several at a time.

    Args:
        model: the classifier.
        config: settings of an update.
        step: rule of the update's optimizer.
        probing_set: samples [probes, ...].
    """

    def __init__(
        self, model: keras.Model, config: UpdateConfig, step: Step, probing_set: Array
    ) -> None:
        self._model = model
        self._config = config
        self._privacy = config.privacy
        self._step = step
        self._probing_set = tf.constant(probing_set)

    def before(self, weights: Sequence[Array]) -> Array:
        """Compute the posteriors of a base model, float32 [probes, classes].

        Args:
            weights: its weights, in the order of `model.weights`.
        """
        return np.asarray(self._probe(*self._divide(weights)), np.float32)

    def after(self, weights: Sequence[Array], samples: Array, labels: Array, seeds: Array) -> Array:
        """Compute the posteriors after each of many updates, float32 [updates, probes, classes].

        Args:
            weights: weights of the base model, in the order of `model.weights`.
            samples: updating sets [updates, set_size, ...].
            labels: int32 [updates, set_size].
            seeds: int32 [updates, 2].
        """
        sets = (tf.convert_to_tensor(one) for one in (samples, labels, seeds))
        return self._chunk(*self._divide(weights), *sets).numpy()

    def weights_after(
        self, weights: Sequence[Array], samples: Array, labels: Array, seed: Sequence[int]
    ) -> tuple[Array, ...]:
        """Compute the weights of one updated version, in the order of `model.weights`.

        Args:
            weights: weights of the base model, in the same order.
            samples: the updating set [n, ...].
            labels: int32 [n].
            seed: two numbers.
        """
        one = tf.constant(samples), tf.constant(labels), tf.constant(seed, tf.int32)
        trained, state = self._trained(*self._divide(weights), *one)
        variables = [*self._model.trainable_variables, *self._model.non_trainable_variables]
        values = dict(zip(map(id, variables), [*trained, *state], strict=True))
        return tuple(np.asarray(values[id(variable)]) for variable in self._model.weights)

    def _divide(self, weights: Sequence[Array]) -> tuple[Tensors, Tensors]:
        """Divide weights in the order of `model.weights` into trainable and non-trainable ones."""
        by_id = {id(v): w for v, w in zip(self._model.weights, weights, strict=True)}
        # Seeds of dropout are variables too, but no weights; `_seeded` fills them in.
        fixed = [
            by_id.get(id(v), np.zeros(v.shape, v.dtype))
            for v in self._model.non_trainable_variables
        ]
        trainable = [by_id[id(v)] for v in self._model.trainable_variables]
        first, second = ([tf.convert_to_tensor(w) for w in part] for part in (trainable, fixed))
        return first, second

    @tf.function(reduce_retracing=True, autograph=False)
    def _chunk(
        self,
        trainable: Tensors,
        fixed: Tensors,
        samples: tf.Tensor,
        labels: tf.Tensor,
        seeds: tf.Tensor,
    ) -> tf.Tensor:
        probes, classes = len(self._probing_set), self._model.output_shape[-1]
        return tf.map_fn(
            lambda one: self._update(trainable, fixed, *one),
            (samples, labels, seeds),
            fn_output_signature=tf.TensorSpec((probes, classes), tf.float32),
            parallel_iterations=8,
        )

    def _update(
        self,
        trainable: Tensors,
        fixed: Tensors,
        samples: tf.Tensor,
        labels: tf.Tensor,
        seed: tf.Tensor,
    ) -> tf.Tensor:
        """One updated version's posteriors on the probing set, [probes, classes]."""
        count = self._config.set_size * self._config.updates_between
        samples = tf.ensure_shape(samples, (count, *self._model.input_shape[1:]))
        labels = tf.ensure_shape(labels, (count,))
        return self._probe(*self._trained(trainable, fixed, samples, labels, seed))

    def _trained(
        self,
        trainable: Tensors,
        fixed: Tensors,
        samples: tf.Tensor,
        labels: tf.Tensor,
        seed: tf.Tensor,
    ) -> tuple[Tensors, Tensors]:
        """One updated version's weights, trainable and others."""
        size = samples.shape[0] // self._config.updates_between
        fixed = self._seeded(fixed, seed)
        for number, batch in enumerate(batches(self._config, size)):
            if batch.renews:
                slots = self._step.start(trainable)
            rows = rows_of(batch, self._config, size, seed)
            chunk = tf.gather(samples, rows), tf.gather(labels, rows)
            if self._privacy:
                gradients = self._private_gradients(
                    self._privacy, trainable, fixed, *chunk, seed, number
                )
            else:
                gradients, fixed = self._gradients(trainable, fixed, *chunk)
            trainable, slots = self._step.apply(batch.number, trainable, gradients, slots)
        return trainable, fixed

    def _gradients(
        self, trainable: Tensors, fixed: Tensors, samples: tf.Tensor, labels: tf.Tensor
    ) -> tuple[Tensors, Tensors]:
        with tf.GradientTape() as tape:
            tape.watch(trainable)
            answers, fixed = self._model.stateless_call(
                trainable, fixed, tf.cast(samples, tf.float32), training=True
            )
            losses = keras.losses.sparse_categorical_crossentropy(labels, answers)
            loss = tf.reduce_mean(losses) * direction(self._config)
        return tape.gradient(loss, trainable, unconnected_gradients="zero"), fixed

    def _private_gradients(
        self,
        privacy: Privacy,
        trainable: Tensors,
        fixed: Tensors,
        samples: tf.Tensor,
        labels: tf.Tensor,
        seed: tf.Tensor,
        number: int,
    ) -> Tensors:
        """Compute the gradients of step `number` by DP-SGD."""

        def of_sample(one: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> Tensors:
            sample, label, place = one
            own = moved_state(self._model, self._seeded(fixed, sample_seed(seed, place)), number)
            return self._gradients(trainable, own, sample[None], label[None])[0]

        places = tf.range(samples.shape[0])
        # A loop for operations that cannot be vectorised, a warning for each of them.
        gradients = tf.vectorized_map(of_sample, (samples, labels, places), warn=False)
        return private_average(privacy, gradients, seed, number)

    def _probe(self, trainable: Tensors, fixed: Tensors) -> tf.Tensor:
        probes = tf.cast(self._probing_set, tf.float32)
        answers, _ = self._model.stateless_call(trainable, fixed, probes, training=False)
        return answers

    def _seeded(self, fixed: Tensors, seed: tf.Tensor) -> Tensors:
        """Set the state of every seed generator from the update's own seed."""
        variables = self._model.non_trainable_variables
        return [
            seed_state(seed, position, variable.dtype) if is_seed(variable) else value
            for position, (variable, value) in enumerate(zip(variables, fixed, strict=True))
        ]
