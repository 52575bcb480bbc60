"""The PyTorch twin of the update engine does the same updates."""

import keras
import numpy as np
import pytest

from ulk_tf.classifiers import zoo
from ulk_tf.classifiers.updates import UpdateEngine
from ulk_tf.settings.update_config import UpdateConfig

pytest.importorskip("torch", reason="make torch brings it")

from benchmarks.torch_updates import torch_loop

pytestmark = pytest.mark.slow


def _without_dropout(model: keras.Model) -> keras.Model:
    def copied(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        if "rate" in config:
            config["rate"] = 0.0
        return type(layer).from_config(config)

    return keras.models.clone_model(model, clone_function=copied)


@pytest.mark.parametrize(("target", "shape"), [("mnist_cnn", (28, 28, 1)), ("lenet", (32, 32, 3))])
@pytest.mark.parametrize("size", [1, 100])
def test_twins_answer_the_same_posteriors(target: str, shape: tuple[int, ...], size: int) -> None:
    rng = np.random.default_rng(0)
    samples = rng.integers(0, 256, (300, *shape), np.uint8)
    labels = rng.integers(0, 10, 300).astype(np.int32)
    keras.utils.set_random_seed(1)
    model = zoo.build(target, shape, 10)
    # Biases start at zero, which would hide one that is lost.
    weights = [w + rng.normal(0, 0.03, w.shape).astype(np.float32) for w in model.get_weights()]
    config = UpdateConfig(set_size=size, update_learning_rate=0.01)
    indices = rng.integers(0, 300, (3, size))
    seeds = np.zeros((3, 2), np.int32)
    engine = UpdateEngine(_without_dropout(model), config, samples[:20])
    ours = engine.after(weights, samples[indices], labels[indices], seeds)
    loop = torch_loop(target, weights, samples, labels, config, dropout=False)
    theirs = loop.after(indices, seeds, np.arange(40), kept=20)
    assert np.abs(ours - engine.before(weights)).max() > 1e-3
    np.testing.assert_allclose(theirs, ours, atol=1e-5, rtol=0)


def test_dropout_is_active_in_updates_of_the_twin_and_drawn_from_the_seed() -> None:
    rng = np.random.default_rng(0)
    samples = rng.integers(0, 256, (30, 28, 28, 1), np.uint8)
    keras.utils.set_random_seed(1)
    weights = zoo.build("mnist_cnn", (28, 28, 1), 10).get_weights()
    labels = rng.integers(0, 10, 30)
    loop = torch_loop("mnist_cnn", weights, samples, labels, UpdateConfig(set_size=10))
    same_set = np.tile(np.arange(10), (3, 1))
    first, again, other = loop.after(
        same_set, np.array([[0, 1], [0, 1], [0, 2]]), np.arange(5), kept=5
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-7
