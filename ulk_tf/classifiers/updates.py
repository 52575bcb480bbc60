"""The update engine: one graph that turns base weights into posteriors after many updates."""

import math
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.classifiers.chain import as_chain
from ulk_tf.classifiers.fast_updates import FastUpdates
from ulk_tf.classifiers.fit_updates import FitUpdates
from ulk_tf.classifiers.following import is_own, is_plain, step_of
from ulk_tf.classifiers.optimizers import Tensors
from ulk_tf.classifiers.refusals import refuse_unfollowed
from ulk_tf.classifiers.seeds import epoch_order, is_seed, seed_state
from ulk_tf.files import Array
from ulk_tf.settings.config import UpdateConfig

# Written into what a corpus is found by: raise one when its path changes an update's bytes.
GENERAL_VERSION = 1
CHAIN_VERSION = 2
FIT_VERSION = 1


class UpdateEngine:
    """Updates one classifier many times, each time from the same base weights.

    Each update starts from the base model, takes a fresh optimizer, goes once (or
    `update_epochs` times) through its updating set with dropout active, and answers the probing
    set with dropout off (paper: experimental setup). Every update's randomness comes from its
    own seed alone, so its posteriors do not depend on what else is computed beside it.

    An update is what `fit` would do, whatever the model is made of. There are three paths to it:
    `FastUpdates` for chains of common layers; the one below for any model that is trained with a
    plain rule on cross-entropy alone; `FitUpdates` for all others.

    Args:
        model: the classifier's architecture; any Keras model with softmax output.
        config: how an update goes.
        probing_set: samples [probes, ...] with which every version is queried.
        fast: take the faster path where the model allows it; it agrees to 1e-5.
        compiled: update a compiled model with its own optimizer and loss, instead of the config's.

    Raises:
        UserError: an update of this model cannot be followed.
    """

    def __init__(
        self,
        model: keras.Model,
        config: UpdateConfig,
        probing_set: Array,
        fast: bool = True,
        compiled: bool = True,
    ) -> None:
        self.model = model
        self.config = config
        self.probing_set = tf.constant(probing_set)
        self._fast: FastUpdates | None = None
        self._fit: FitUpdates | None = None
        chain = as_chain(model, compiled) if fast else None
        if chain is None:
            refuse_unfollowed(model, probing_set.shape[1:])
        if chain is None and not is_plain(model, compiled):
            self._fit = FitUpdates(model, config, probing_set, compiled)
            return
        self._step = step_of(model, config, compiled)
        if chain is not None:
            self._fast = FastUpdates(model, chain, config, self._step, probing_set)

    def before(self, weights: Sequence[Array]) -> Array:
        """Posteriors of a base model on the probing set, float32 [probes, classes]."""
        if self._fit:
            return self._fit.before(weights)
        trainable, fixed = self._divide(weights)
        if self._fast:
            return self._fast.before(trainable)
        return np.asarray(self._probe(_tensors(trainable), _tensors(fixed)), np.float32)

    def after(
        self,
        weights: Sequence[Array],
        samples: Array,
        labels: Array,
        seeds: Array,
        chunk_size: int = 50,
        first: int = 0,
    ) -> Array:
        """Posteriors on the probing set after each of many updates.

        Args:
            weights: of the base model, as `model.get_weights()` gives them.
            samples: updating sets [updates, set_size, ...].
            labels: int32 [updates, set_size].
            seeds: int32 [updates, 2], one for each update.
            chunk_size: updates in one call of the graph; it changes speed and memory only. The
                fast path has a size of its own.
            first: the number of the first of these updates in the plan of its base model.

        Returns:
            float32 [updates, probes, classes].
        """
        trainable, fixed = self._divide(weights)
        if self._fast:
            return self._fast.after(trainable, samples, labels, seeds, first)
        answers = []
        for start in range(0, len(samples), chunk_size):
            part = slice(start, start + chunk_size)
            sets = samples[part], labels[part], seeds[part]
            if self._fit:
                answers.append(self._fit.after(weights, *sets))
                continue
            chunk = self._chunk(_tensors(trainable), _tensors(fixed), *_tensors(sets))
            answers.append(chunk.numpy())
        return np.concatenate(answers)

    def _divide(self, weights: Sequence[Array]) -> tuple[list[Array], list[Array]]:
        """Weights in the order of `model.weights` as trainable and non-trainable ones."""
        by_id = {id(v): np.asarray(w) for v, w in zip(self.model.weights, weights, strict=True)}
        # Seeds of dropout are variables too, but no weights; `_seeded` fills them in.
        fixed = [
            by_id.get(id(v), np.zeros(v.shape, v.dtype)) for v in self.model.non_trainable_variables
        ]
        return [by_id[id(v)] for v in self.model.trainable_variables], fixed

    @tf.function(reduce_retracing=True)
    def _chunk(
        self,
        trainable: Tensors,
        fixed: Tensors,
        samples: tf.Tensor,
        labels: tf.Tensor,
        seeds: tf.Tensor,
    ) -> tf.Tensor:
        probes, classes = len(self.probing_set), self.model.output_shape[-1]
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
        size, batch = self.config.set_size, self.config.update_batch
        samples = tf.ensure_shape(samples, (size, *self.model.input_shape[1:]))
        labels = tf.ensure_shape(labels, (size,))
        slots = self._step.start(trainable)
        fixed = self._seeded(fixed, seed)
        number = 0
        for epoch in range(self.config.update_epochs):
            order = epoch_order(seed, epoch, size)
            for start in range(0, size, batch):
                chosen = order[start : min(start + batch, size)]
                gradients, fixed = self._gradients(
                    trainable, fixed, tf.gather(samples, chosen), tf.gather(labels, chosen)
                )
                number += 1
                trainable, slots = self._step.apply(number, trainable, gradients, slots)
        return self._probe(trainable, fixed)

    def _gradients(
        self, trainable: Tensors, fixed: Tensors, samples: tf.Tensor, labels: tf.Tensor
    ) -> tuple[Tensors, Tensors]:
        with tf.GradientTape() as tape:
            tape.watch(trainable)
            answers, fixed = self.model.stateless_call(
                trainable, fixed, tf.cast(samples, tf.float32), training=True
            )
            losses = keras.losses.sparse_categorical_crossentropy(labels, answers)
            loss = tf.reduce_mean(losses)
        return tape.gradient(loss, trainable, unconnected_gradients="zero"), fixed

    def _probe(self, trainable: Tensors, fixed: Tensors) -> tf.Tensor:
        probes = tf.cast(self.probing_set, tf.float32)
        answers, _ = self.model.stateless_call(trainable, fixed, probes, training=False)
        return answers

    def _seeded(self, fixed: Tensors, seed: tf.Tensor) -> Tensors:
        """Set the state of every seed generator from the update's own seed."""
        variables = self.model.non_trainable_variables
        return [
            seed_state(seed, position, variable.dtype) if is_seed(variable) else value
            for position, (variable, value) in enumerate(zip(variables, fixed, strict=True))
        ]


def engine_version(model: keras.Model, compiled: bool = True) -> str:
    """Version of the code that updates a model; another one may round differently.

    Args:
        model: the classifier's architecture.
        compiled: whether a compiled model's own optimizer and loss are used.
    """
    path = f"fit-{FIT_VERSION}"
    if as_chain(model, compiled):
        path = f"chain-{CHAIN_VERSION}"
    elif is_plain(model, compiled):
        path = f"general-{GENERAL_VERSION}"
    return f"{path}-compiled" if is_own(model, compiled) else path


def _tensors(arrays: Sequence[Array]) -> Tensors:
    return [tf.convert_to_tensor(array) for array in arrays]


def steps(config: UpdateConfig) -> int:
    """Optimizer steps of one update."""
    return config.update_epochs * math.ceil(config.set_size / config.update_batch)
