"""The update engine's special path: for classifiers that are a chain of common layers.

It differs from the general path in what surrounds an update, never in what an update is. The
first layer goes over the probing set for many versions at once, a convolution with the pooling
behind it is one strided convolution, and patches of constant samples are cut once.
"""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.config import UpdateConfig
from ulk_tf.files import Array
from ulk_tf.target.chain import Chain
from ulk_tf.target.first_layer import FirstLayer
from ulk_tf.target.optimizers import Step
from ulk_tf.target.seeds import drawn, epoch_order, seed_state
from ulk_tf.target.stages import Draw, Tensors


class FastUpdates:
    """Updates of one chain, in blocks of a fixed number of versions.

    A matrix product may round differently for another number of columns, so a block is always
    full, and an update always has the same place in its block: its number in the plan of its
    base model, modulo the size of a block. What else is in a block changes nothing.

    Args:
        model: the classifier that was read as a chain.
        chain: what was read.
        config: how an update goes.
        step: its optimizer.
        probing_set: samples [probes, ...].
    """

    def __init__(
        self,
        model: keras.Model,
        chain: Chain,
        config: UpdateConfig,
        step: Step,
        probing_set: Array,
    ) -> None:
        self._chain = chain
        self._config = config
        self._step = step
        self._state_types = [variable.dtype for variable in model.non_trainable_variables]
        filters = model.trainable_variables[chain.first.kernel].shape[-1]
        self._first = FirstLayer(chain, filters, probing_set)
        self._shape = (len(probing_set), model.output_shape[-1])

    def before(self, weights: Sequence[Array]) -> Array:
        """Posteriors of a base model: float32 [probes, classes], by the same path as versions.

        Args:
            weights: trainable ones, in the order of the model.
        """
        base = [tf.convert_to_tensor(weight) for weight in weights]
        return np.asarray(self._probe_copies(base))[0]

    def after(
        self, weights: Sequence[Array], samples: Array, labels: Array, seeds: Array, first: int
    ) -> Array:
        """Posteriors after each of many updates, float32 [updates, probes, classes].

        Args:
            weights: of the base model; trainable ones, in the order of the model.
            samples: updating sets [updates, set_size, ...].
            labels: int32 [updates, set_size].
            seeds: int32 [updates, 2].
            first: the number of the first of these updates in the plan of its base model.
        """
        base = [tf.convert_to_tensor(weight) for weight in weights]
        size = self._first.versions
        answers = []
        for start in range(-(first % size), len(samples), size):
            # Places before the first and behind the last update are filled with neighbours.
            rows = np.clip(np.arange(start, start + size), 0, len(samples) - 1)
            block = self._block(
                base,
                tf.convert_to_tensor(self._first.cut(samples[rows])),
                tf.convert_to_tensor(labels[rows]),
                tf.convert_to_tensor(seeds[rows]),
            )
            own = slice(max(0, -start), min(size, len(samples) - start))
            answers.append(np.asarray(block)[own])
        return np.concatenate(answers)

    @tf.function
    def _block(
        self, base: Tensors, samples: tf.Tensor, labels: tf.Tensor, seeds: tf.Tensor
    ) -> tf.Tensor:
        versions = tf.map_fn(
            lambda one: self._train(base, *one),
            (samples, labels, seeds),
            fn_output_signature=[tf.TensorSpec(w.shape, w.dtype) for w in base],
            parallel_iterations=1,
        )
        return self._probe(versions)

    @tf.function
    def _probe_copies(self, base: Tensors) -> tf.Tensor:
        return self._probe([tf.repeat(w[None], self._first.versions, 0) for w in base])

    def _train(
        self, weights: Tensors, samples: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor
    ) -> Tensors:
        """The weights of one updated version."""
        size, batch = self._config.set_size, self._config.update_batch
        slots = self._step.start(weights)
        number = 0
        for epoch in range(self._config.update_epochs):
            order = epoch_order(seed, epoch, size)
            for start in range(0, size, batch):
                chosen = order[start : min(start + batch, size)]
                x, y = tf.gather(samples, chosen), tf.gather(labels, chosen)
                with tf.GradientTape() as tape:
                    tape.watch(weights)
                    answers = self._first.own(x, weights)
                    answers = self._rest(answers, weights, self._draw(seed, number))
                    losses = keras.losses.sparse_categorical_crossentropy(y, answers)
                    loss = tf.reduce_mean(losses)
                gradients = tape.gradient(loss, weights)
                number += 1
                weights, slots = self._step.apply(number, weights, gradients, slots)
        return weights

    def _probe(self, versions: Tensors) -> tf.Tensor:
        """The posteriors of a block of versions, [versions, probes, classes]."""
        return tf.map_fn(
            lambda one: self._rest(one[0], one[1:], None),
            [self._first.wide(versions), *versions],
            fn_output_signature=tf.TensorSpec(self._shape, tf.float32),
            parallel_iterations=1,
        )

    def _rest(self, x: tf.Tensor, weights: Tensors, draw: Draw) -> tf.Tensor:
        for stage in self._chain.rest:
            x = stage(x, weights, draw)
        return x

    def _draw(self, seed: tf.Tensor, number: int) -> Draw:
        """What dropout draws in step `number`, from 0."""
        return lambda position: drawn(
            seed_state(seed, position, self._state_types[position]), number
        )
