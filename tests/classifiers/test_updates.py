"""The update engine: plain `fit` for each update, and the same bits however it is divided."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from ulk_tf.classifiers import zoo
from ulk_tf.classifiers.batches import batches
from ulk_tf.classifiers.seeds import epoch_order
from ulk_tf.classifiers.updates import UpdateEngine, engine_version
from ulk_tf.data.datasets import Dataset, load
from ulk_tf.settings.update_config import UpdateConfig

RESIDUAL = "tests.classifiers.own_targets:residual"
SGD = UpdateConfig(
    set_size=10, update_learning_rate=0.05, update_momentum=0.9, update_batch=32, update_epochs=2
)
ADAM = replace(SGD, update_optimizer="adam", update_learning_rate=0.005)
PROBES = slice(1700, 1720)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits", None, Path("unused"))


def sets(dataset: Dataset, updates: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Updating sets, their labels, and a seed for each."""
    rng = np.random.default_rng(1)
    indices = np.stack([rng.choice(1700, size, replace=False) for _ in range(updates)])
    seeds = rng.integers(0, 2**31 - 1, (updates, 2)).astype(np.int32)
    return dataset.samples[indices], dataset.labels[indices], seeds


def built(target: str, dropout: bool = True) -> keras.Model:
    """A classifier with fresh weights; Keras is left in another state each time."""
    keras.utils.set_random_seed(3)
    model = zoo.build(target, (8, 8, 1), 10)
    for layer in model.layers if not dropout else []:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0
    return model


def by_fit(
    model: keras.Model,
    config: UpdateConfig,
    samples: np.ndarray,
    labels: np.ndarray,
    seed: np.ndarray,
    probes: np.ndarray,
) -> np.ndarray:
    """What anybody would write for one update."""
    optimizers = {
        "sgd": lambda: keras.optimizers.SGD(config.update_learning_rate, config.update_momentum),
        "adam": lambda: keras.optimizers.Adam(config.update_learning_rate),
    }
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizers[config.update_optimizer](), loss, jit_compile=False, run_eagerly=True)
    for epoch in range(config.update_epochs):
        order = np.asarray(epoch_order(tf.constant(seed), epoch, len(samples)))
        batch = config.update_batch
        model.fit(samples[order], labels[order], batch, shuffle=False, verbose=0)
    return model.predict(probes, verbose=0)


@pytest.mark.parametrize(
    ("target", "config", "size"),
    [
        ("digits_cnn", SGD, 1),
        *(
            pytest.param(target, config, size, marks=pytest.mark.slow)
            for target, config, sizes in (
                ("digits_cnn", SGD, (10, 100)),
                ("digits_cnn", ADAM, (1, 10, 100)),
                (RESIDUAL, SGD, (1, 10, 100)),
                (RESIDUAL, ADAM, (1, 10, 100)),
                ("mlp", SGD, (1, 10, 100)),
                ("mlp", ADAM, (1, 10, 100)),
            )
            for size in sizes
        ),
    ],
)
def test_updates_are_those_of_fit(
    digits: Dataset, target: str, config: UpdateConfig, size: int
) -> None:
    config = replace(config, set_size=size)
    model = built(target, dropout=False)
    weights, probes = model.get_weights(), digits.samples[PROBES]
    samples, labels, seeds = sets(digits, 2, size)
    engines = [UpdateEngine(built(target, dropout=False), config, probes, s) for s in (True, False)]
    found = [engine.after(weights, samples, labels, seeds) for engine in engines]
    model.jit_compile = False
    before = model.predict(probes, verbose=0)
    for row in range(2):
        model.set_weights(weights)
        expected = by_fit(model, config, samples[row], labels[row], seeds[row], probes)
        assert np.abs(expected - before).max() > 0.003, "an update that moves nothing tells nothing"
        for after in found:
            np.testing.assert_allclose(after[row], expected, atol=1e-5)
    for engine in engines:
        np.testing.assert_allclose(engine.before(weights), before, atol=1e-6)


@pytest.mark.parametrize(
    ("target", "fast"),
    [("digits_cnn", True), ("digits_cnn", False), (RESIDUAL, True)],
    ids=["fast", "general", "own"],
)
def test_the_same_bits_however_updates_are_divided(
    digits: Dataset, target: str, fast: bool
) -> None:
    samples, labels, seeds = sets(digits, 37, 10)
    model = built(target)
    weights = model.get_weights()
    engine = UpdateEngine(model, SGD, digits.samples[PROBES], fast)
    whole = engine.after(weights, samples, labels, seeds, chunk_size=50)
    assert whole.shape == (37, 20, 10) and whole.dtype == np.float32
    assert len(np.unique(whole[:, 0, 0])) == 37
    for chunk_size in (1, 7, 36):
        again = engine.after(weights, samples, labels, seeds, chunk_size=chunk_size)
        np.testing.assert_array_equal(again, whole)
    for start, stop in ((0, 1), (5, 6), (5, 23), (16, 37), (36, 37)):
        part = slice(start, stop)
        again = engine.after(weights, samples[part], labels[part], seeds[part], first=start)
        np.testing.assert_array_equal(again, whole[part])
    # An engine made anew, in whatever state Keras is, is the same one.
    keras.utils.set_random_seed(77)
    other = UpdateEngine(built(target), SGD, digits.samples[PROBES], fast)
    np.testing.assert_array_equal(other.after(weights, samples, labels, seeds), whole)
    np.testing.assert_array_equal(other.before(weights), engine.before(weights))


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "general"])
def test_dropout_depends_on_the_seed_of_the_update_only(digits: Dataset, fast: bool) -> None:
    (samples, labels, _), probes = sets(digits, 1, 10), digits.samples[PROBES]
    samples, labels = (np.repeat(array, 40, 0) for array in (samples, labels))
    seeds = np.array([[1, 2], [1, 2], [2, 2], [1, 3]] * 10, np.int32)
    config = replace(SGD, update_epochs=1)
    model = built("digits_cnn")
    weights = model.get_weights()
    after = UpdateEngine(model, config, probes, fast).after(weights, samples, labels, seeds)
    # Other places in a block may round differently, nothing more.
    for row in range(0, 40, 4):
        np.testing.assert_allclose(after[row], after[row + 1], atol=1e-6)
        np.testing.assert_allclose(after[row], after[0], atol=1e-6)
        for other in (row + 2, row + 3):
            assert np.abs(after[other] - after[row]).max() > 1e-3
    still = UpdateEngine(built("digits_cnn", dropout=False), config, probes, fast)
    after = still.after(weights, samples, labels, seeds)
    np.testing.assert_allclose(after, np.broadcast_to(after[0], after.shape), atol=1e-6)


def test_every_update_starts_from_the_base_model(digits: Dataset) -> None:
    model = built(RESIDUAL)
    weights = model.get_weights()
    engine = UpdateEngine(model, SGD, digits.samples[PROBES])
    first = engine.after(weights, *sets(digits, 3, 10))
    np.testing.assert_array_equal(engine.after(weights, *sets(digits, 3, 10)), first)
    for kept, weight in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(kept, weight)
    others = [weight + np.float32(0.01) for weight in weights]
    assert np.abs(engine.after(others, *sets(digits, 3, 10)) - first).max() > 1e-4


def test_the_path_is_part_of_what_a_corpus_is_found_by() -> None:
    assert engine_version(built("digits_cnn")).startswith("chain-")
    assert engine_version(built(RESIDUAL)).startswith("general-")


def test_steps_of_an_update() -> None:
    assert len(batches(replace(SGD, update_epochs=1), 1)) == 1
    assert len(batches(replace(SGD, update_epochs=3), 100)) == 12
