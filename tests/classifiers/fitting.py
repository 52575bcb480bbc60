"""An update as anybody would write it: one call of `fit` on a clone, beside the engine's."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.classifiers.losses import takes_one_hot
from ulk_tf.classifiers.seeds import epoch_order, is_seed, seed_state
from ulk_tf.classifiers.updates import UpdateEngine
from ulk_tf.settings.update_config import UpdateConfig

SEED = np.array([12345, 678], np.int32)
FLAGS = UpdateConfig(update_learning_rate=0.05, update_momentum=0.9)


def sized(size: int, batch: int, epochs: int) -> UpdateConfig:
    """An update's settings: samples in the set, samples in a batch, epochs."""
    return replace(FLAGS, set_size=size, update_batch=batch, update_epochs=epochs)


def by_fit(
    model: keras.Model,
    config: UpdateConfig,
    x: np.ndarray,
    y: np.ndarray,
    one_hot: bool = False,
    eagerly: bool = True,
) -> None:
    """Call `fit` once, with the order and the seeds of the update with `SEED`."""
    if not model.compiled:
        rule = keras.optimizers.SGD(config.update_learning_rate, config.update_momentum)
        model.compile(rule, "sparse_categorical_crossentropy")
    labels = keras.utils.to_categorical(y, model.output_shape[-1]) if one_hot else y
    for position, variable in enumerate(model.non_trainable_variables):
        if is_seed(variable):
            variable.assign(seed_state(tf.constant(SEED), position, variable.dtype))
    size, batch = config.set_size, config.update_batch

    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for epoch in range(config.update_epochs):
            order = np.asarray(epoch_order(tf.constant(SEED), epoch, size))
            for start in range(0, size, batch):
                chosen = order[start : start + batch]
                yield x[chosen], labels[chosen]

    spec = [tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in (x, labels)]
    data = tf.data.Dataset.from_generator(batches, output_signature=tuple(spec))
    model.run_eagerly, model.jit_compile = eagerly, False
    steps = -(-size // batch)
    model.fit(data, epochs=config.update_epochs, steps_per_epoch=steps, verbose=0, shuffle=False)


def check(
    build: Callable[[], keras.Model],
    config: UpdateConfig,
    shape: tuple[int, ...],
    classes: int,
    fast: bool = True,
    seed: int = 0,
    eagerly: bool = True,
) -> None:
    """Assert that the engine's posteriors after an update are those after `fit`.

    Args:
        build: makes the classifier.
        config: how an update goes.
        shape: of a sample.
        classes: how many.
        fast: as the engine takes it.
        seed: of samples and labels.
        eagerly: whether `fit` runs step by step; half precision rounds otherwise in a graph.
    """
    rng = np.random.default_rng(seed)
    samples = rng.uniform(-1, 1, (2, config.set_size, *shape)).astype(np.float32)
    labels = rng.integers(0, classes, (2, config.set_size)).astype(np.int32)
    probes = rng.uniform(-1, 1, (6, *shape)).astype(np.float32)
    model, fitted = build(), build()
    weights = model.get_weights()
    fitted.set_weights(weights)
    engine = UpdateEngine(model, config, probes, fast)
    # Another update first: nothing of it may be left.
    after = engine.after(weights, samples, labels, np.stack([SEED + 1, SEED]))[1]
    answer = partial(fitted, training=False) if eagerly else fitted.predict_on_batch
    before = np.asarray(answer(probes))
    np.testing.assert_allclose(engine.before(weights), before, atol=1e-6)
    one_hot = model.compiled and takes_one_hot(model)
    by_fit(fitted, config, samples[1], labels[1], one_hot, eagerly)
    expected = np.asarray(answer(probes))
    assert np.abs(expected - before).max() > 1e-4, "an update that moves nothing tells nothing"
    np.testing.assert_allclose(after, expected, atol=1e-5)
    for kept, weight in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(kept, weight)
