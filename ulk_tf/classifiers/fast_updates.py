"""Fast path of the update engine, for classifiers that are a chain of common layers.

Same arithmetic as the general path; only the batching differs. The first step of every update
starts from the same weights, so it is computed for many versions at once. Over the probing set,
the first layer and the dense layers are computed for many versions at once, too.
"""

from collections.abc import Sequence
from itertools import takewhile

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.classifiers.batches import Batch, batches, direction, rows_of
from ulk_tf.classifiers.chain import Chain
from ulk_tf.classifiers.first_layer import FirstLayer
from ulk_tf.classifiers.optimizers import Step
from ulk_tf.classifiers.private import private_average
from ulk_tf.classifiers.seeds import dropout_seed, sample_seed, seed_state
from ulk_tf.classifiers.stages import Dense, Flattening, Stage, Tensors, merged, split
from ulk_tf.files import Array
from ulk_tf.settings.update_config import UpdateConfig

# Versions, and samples, in one joint first step, at most; more would not fit into the cache.
TOGETHER, SAMPLES_TOGETHER = 16, 64


class FastUpdates:
    """Updates of one chain, in blocks of a fixed number of versions.

    A matrix product may round differently for another number of columns. So a block is always
    full, and an update always has the same position in its block: its number in the plan of its
    base model, modulo the block's size. The other updates in a block do not change its result.

    Args:
        model: the classifier.
        chain: its translation into stages.
        config: settings of an update.
        step: rule of the update's optimizer.
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
        self._privacy = config.privacy
        self._step = step
        places = {id(variable): place for place, variable in enumerate(model.weights)}
        self._trainable = [places[id(variable)] for variable in model.trainable_variables]
        self._state_types = [variable.dtype for variable in model.non_trainable_variables]
        filters = model.trainable_variables[chain.first.kernel].shape[-1]
        probes = np.asarray(self._prepared(tf.constant(probing_set)))
        self._first = FirstLayer(chain.first, filters, probes)
        self._head = list(takewhile(lambda stage: not isinstance(stage, Dense), chain.rest))
        tail = chain.rest[len(self._head) :]
        self._tail = [stage for stage in tail if not isinstance(stage, Flattening)]
        fitting = SAMPLES_TOGETHER // min(config.set_size, config.update_batch)
        self._together = 2 ** int(np.log2(np.clip(fitting, 1, TOGETHER)))
        # All are powers of two, as is the size of a shard, so each divides the next.
        self._block_size = max(self._together, self._first.versions)

    def before(self, weights: Sequence[Array]) -> Array:
        """Compute the posteriors of a base model, float32 [probes, classes].

        Args:
            weights: its weights, in the order of `model.weights`.
        """
        base = [tf.convert_to_tensor(weights[place]) for place in self._trainable]
        return np.asarray(self._probe_copies(base))[0]

    def after(
        self, weights: Sequence[Array], samples: Array, labels: Array, seeds: Array, first: int
    ) -> Array:
        """Compute the posteriors after each of many updates, float32 [updates, probes, classes].

        Args:
            weights: weights of the base model, in the order of `model.weights`.
            samples: updating sets [updates, set_size, ...].
            labels: their labels, int32 [updates, set_size].
            seeds: seeds of the updates, int32 [updates, 2].
            first: number of the first of these updates in the plan of its base model.
        """
        base = [tf.convert_to_tensor(weights[place]) for place in self._trainable]
        size = self._block_size
        answers = []
        for start in range(-(first % size), len(samples), size):
            # Positions before the first and after the last update repeat these updates.
            rows = np.clip(np.arange(start, start + size), 0, len(samples) - 1)
            block = self._block(
                base,
                tf.convert_to_tensor(samples[rows]),
                tf.convert_to_tensor(labels[rows]),
                tf.convert_to_tensor(seeds[rows]),
            )
            real = slice(max(0, -start), min(size, len(samples) - start))
            answers.append(np.asarray(block)[real])
        return np.concatenate(answers)

    @tf.function(autograph=False)
    def _block(
        self, base: Tensors, samples: tf.Tensor, labels: tf.Tensor, seeds: tf.Tensor
    ) -> tf.Tensor:
        groups = [
            tf.reshape(part, [-1, self._together, *part.shape[1:]])
            for part in (samples, labels, seeds)
        ]
        spec = [tf.TensorSpec((self._together, *w.shape), w.dtype) for w in base]
        trained = tf.map_fn(
            lambda group: self._train(base, *group),
            groups,
            fn_output_signature=spec,
            parallel_iterations=1,
        )
        beside = self._first.versions
        versions = [tf.reshape(w, [-1, beside, *w.shape[2:]]) for w in trained]
        parts = zip(*map(tf.unstack, versions), strict=True)
        return tf.concat([self._probe(list(part)) for part in parts], 0)

    @tf.function(autograph=False)
    def _probe_copies(self, base: Tensors) -> tf.Tensor:
        return self._probe([tf.repeat(w[None], self._first.versions, 0) for w in base])

    def _train(
        self, base: Tensors, samples: tf.Tensor, labels: tf.Tensor, seeds: tf.Tensor
    ) -> Tensors:
        """Update versions, with a joint first step; return their weights [versions, ...]."""
        size = self._config.set_size
        first, *others = batches(self._config, size)
        slots = self._step.start(base)
        x, y = samples[:, : first.stop], labels[:, : first.stop]
        gradients = self._gradients(base, x, y, seeds, 0)
        versions, slots = self._step.apply(1, base, gradients, slots)
        if not others:
            return versions
        return tf.map_fn(
            lambda one: self._train_on(others, *one),
            (versions, slots, samples, labels, seeds),
            fn_output_signature=[tf.TensorSpec(w.shape, w.dtype) for w in base],
            parallel_iterations=1,
        )

    def _train_on(
        self,
        others: list[Batch],
        weights: Tensors,
        slots: list[Tensors],
        samples: tf.Tensor,
        labels: tf.Tensor,
        seed: tf.Tensor,
    ) -> Tensors:
        """Compute one version's weights after the steps that follow the first."""
        for number, batch in enumerate(others, 1):
            if batch.renews:
                slots = self._step.start(weights)
            rows = rows_of(batch, self._config, self._config.set_size, seed)
            x, y = tf.gather(samples, rows), tf.gather(labels, rows)
            alone = self._gradients(weights, x[None], y[None], seed[None], number)
            gradients = [gradient[0] for gradient in alone]
            weights, slots = self._step.apply(batch.number, weights, gradients, slots)
        return weights

    def _gradients(
        self, weights: Tensors, x: tf.Tensor, y: tf.Tensor, seeds: tf.Tensor, number: int
    ) -> Tensors:
        """Compute gradients [versions, ...] of versions that share `weights`, in step `number`."""
        if self._privacy is None:
            return self._mean_gradients(weights, x, y, seeds, number)
        versions, size = x.shape[:2]
        places = tf.range(size)
        own = merged(sample_seed(seeds[:, None], places[None]))
        # As if each sample were the only one of a version.
        alone = self._mean_gradients(weights, merged(x)[:, None], merged(y)[:, None], own, number)
        by_version = [tf.unstack(split(gradient, versions)) for gradient in alone]
        averages = [
            private_average(self._privacy, [g[version] for g in by_version], seed, number)
            for version, seed in enumerate(tf.unstack(seeds))
        ]
        return [tf.stack(parts) for parts in zip(*averages, strict=True)]

    def _mean_gradients(
        self, weights: Tensors, x: tf.Tensor, y: tf.Tensor, seeds: tf.Tensor, number: int
    ) -> Tensors:
        """Compute gradients of each version's mean loss, [versions, ...]."""
        deltas = [tf.zeros([x.shape[0], *weight.shape]) for weight in weights]

        def dropout_seeds(position: int) -> tf.Tensor:
            return dropout_seed(seed_state(seeds, position, self._state_types[position]), number)

        samples = split(self._prepared(merged(x)), x.shape[0])
        with tf.GradientTape() as tape:
            tape.watch(deltas)
            answers = samples
            for stage in (self._chain.first, *self._chain.rest):
                answers = stage.train_forward(answers, weights, deltas, dropout_seeds)
            losses = keras.losses.sparse_categorical_crossentropy(y, answers)
            loss = tf.reduce_sum(tf.reduce_mean(losses, -1)) * direction(self._config)
        return tape.gradient(loss, deltas)

    def _probe(self, versions: Tensors) -> tf.Tensor:
        """Compute the posteriors of a block of versions, [versions, probes, classes]."""
        wide = self._first.wide(versions)

        def one(number: tf.Tensor) -> tf.Tensor:
            weights = [version[number] for version in versions]
            return _answer(self._head, self._first.of(wide, number), weights)

        count = self._first.versions
        shape = one(tf.constant(0)).shape
        spec = tf.TensorSpec(shape, tf.float32)
        x = tf.map_fn(one, tf.range(count), fn_output_signature=spec, parallel_iterations=1)
        return _answer(self._tail, x, versions)

    def _prepared(self, samples: tf.Tensor) -> tf.Tensor:
        """Apply the layers before the first layer with weights to samples [n, ...]."""
        x = tf.cast(samples, tf.float32)
        for layer in self._chain.preparing:
            x = layer(x)
        return x


def _answer(stages: Sequence[Stage], x: tf.Tensor, weights: Tensors) -> tf.Tensor:
    for stage in stages:
        x = stage.forward(x, weights)
    return x
