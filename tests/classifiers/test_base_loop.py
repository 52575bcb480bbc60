"""Base training is `fit`: drawn models and optimizers, the same batches, the same weights."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.classifiers.drawn_models import CLASSES, SHAPE, Drawn, draw
from ulk_tf.classifiers.base_loop import BaseLoop, base_version, epoch_orders
from ulk_tf.classifiers.losses import takes_one_hot
from ulk_tf.errors import UserError
from ulk_tf.settings.config import TrainingConfig

CONFIG = TrainingConfig(base_learning_rate=0.02, base_batch=4, base_epochs=2)
FEW, MANY = draw(2, 302, ingredients=6), draw(99, 3000)
# Nine samples: a batch is left over in each epoch.
RNG = np.random.default_rng(0)
SAMPLES = RNG.integers(0, 3, (9, *SHAPE)).astype(np.uint8)
LABELS = RNG.integers(0, CLASSES, 9).astype(np.int32)


def fitted(model: keras.Model, config: TrainingConfig, seed: int) -> list[np.ndarray]:
    """The weights after one call of `fit` on a shuffled data set."""
    one_hot = False
    if model.compiled and config.base_compiled:
        one_hot = takes_one_hot(model)
    else:
        rule = keras.optimizers.SGD(config.base_learning_rate, config.base_momentum)
        model.compile(rule, "sparse_categorical_crossentropy")
    model.run_eagerly, model.jit_compile = True, False
    labels = keras.utils.to_categorical(LABELS, CLASSES) if one_hot else LABELS
    data = tf.data.Dataset.from_tensor_slices((SAMPLES, labels)).shuffle(len(SAMPLES), seed=seed)
    model.fit(data.batch(config.base_batch), epochs=config.base_epochs, verbose=0, shuffle=False)
    return [np.asarray(variable) for variable in model.weights]


def check(drawn: Drawn, config: TrainingConfig = CONFIG) -> None:
    loop = BaseLoop(drawn.model(), config, SAMPLES)
    fresh, model = drawn.model(), drawn.model()
    before = model.get_weights()
    # Another base model first: nothing of it may be left.
    loop.train(fresh, SAMPLES, LABELS, seed=1)
    keras.utils.set_random_seed(drawn.seed)
    trained = loop.train(fresh, SAMPLES, LABELS, seed=7)
    keras.utils.set_random_seed(drawn.seed)
    expected = fitted(model, config, seed=7)
    moved = max(np.abs(one - other).max() for one, other in zip(expected, before, strict=True))
    assert moved > 1e-3
    for weight, right in zip(trained, expected, strict=True):
        np.testing.assert_allclose(weight, right, atol=1e-5)
    for kept, weight in zip(fresh.get_weights(), before, strict=True):
        np.testing.assert_array_equal(kept, weight)


@pytest.mark.parametrize("number", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_base_training_is_what_fit_does(number: int) -> None:
    check(FEW[number])


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(MANY)))
def test_base_training_of_many_is_what_fit_does(number: int) -> None:
    check(MANY[number])


def test_flags_may_decide_over_a_compiled_model() -> None:
    drawn = Drawn(("Dropout",), "Lion", "clipnorm", "squared", (3, 2, 2), 5)
    check(drawn, replace(CONFIG, base_compiled=False))
    versions = {base_version(drawn.model(), compiled) for compiled in (True, False)}
    assert len(versions) == 2
    plain = Drawn(("Dropout",), "not compiled", "", "", (3, 2, 2), 5).model()
    assert base_version(plain) == base_version(plain, False) == base_version(drawn.model(), False)


@pytest.mark.slow
def test_base_models_of_one_loop_do_not_touch() -> None:
    drawn = Drawn(("Dropout", "BatchNormalization"), "Adam", "EMA", "one-hot", (3, 2, 2), 5)
    loops = [BaseLoop(drawn.model(), CONFIG, SAMPLES) for _ in range(2)]
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        loops[0].train(drawn.model(), SAMPLES, LABELS, seed)
    found = []
    for loop in loops:
        fresh = drawn.model()
        keras.utils.set_random_seed(3)
        found.append(loop.train(fresh, SAMPLES, LABELS, 3))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_loss_that_takes_no_labels_of_a_data_set_is_refused() -> None:
    model = Drawn((), "not compiled", "", "", (3, 2, 2), 5).model()
    model.compile("adam", None)
    with pytest.raises(UserError, match="whose loss takes integer labels"):
        BaseLoop(model, CONFIG, SAMPLES)


def test_each_epoch_has_all_samples_in_another_order() -> None:
    keras.utils.set_random_seed(4)
    orders = list(epoch_orders(50, 3, seed=4))
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3
