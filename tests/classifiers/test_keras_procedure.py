"""The built-in procedure: its three methods, its many updates, and what travels to workers."""

import pickle
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from ulk_tf.classifiers import given, zoo
from ulk_tf.classifiers.keras_procedure import KerasProcedure
from ulk_tf.classifiers.procedure import Change, ManyUpdates, Samples
from ulk_tf.errors import UserError
from ulk_tf.settings import presets

SHAPE, CLASSES = (4, 4, 1), 3
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (60, *SHAPE)).astype(np.uint8)
LABELS = RNG.integers(0, CLASSES, 60).astype(np.int32)


def procedure(target: str = "mlp", **flags: object) -> KerasProcedure:
    party = presets.experiment("lde", target=target, **({"set_size": 4} | flags)).owner
    return KerasProcedure.of(party, SHAPE, CLASSES)


def test_update_is_what_many_updates_do() -> None:
    own = procedure(update_learning_rate=0.1, update_epochs=2)
    assert isinstance(own, ManyUpdates)
    weights = own.fit(IMAGES, LABELS, seed=3)
    kept = [weight.copy() for weight in weights]
    sets = Samples(IMAGES[:8].reshape(2, 4, *SHAPE), LABELS[:8].reshape(2, 4))
    # The second epoch's order follows from the seed, so full batches make it none of ours.
    before, after = own.update_many(weights, sets, np.ones((2, 2), np.int32), IMAGES[50:], 0)
    none = Samples.none_like(IMAGES)
    for row in range(2):
        change = Change(Samples(sets.samples[row], sets.labels[row]), none, none)
        updated = own.update(weights, change, seed=5)
        answers = own.predict_proba(updated, IMAGES[50:])
        np.testing.assert_allclose(answers, after[row], atol=1e-5)
        assert np.abs(answers - before).max() > 1e-3
    for weight, copy in zip(weights, kept, strict=True):
        np.testing.assert_array_equal(weight, copy)
    np.testing.assert_allclose(own.predict_proba(weights, IMAGES[50:]), before, atol=1e-6)


def custom(shape: tuple[int, ...], classes: int) -> keras.Model:
    return keras.Sequential(
        [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(classes, "softmax")]
    )


def with_own_rule(shape: tuple[int, ...], classes: int) -> keras.Model:
    model = custom(shape, classes)
    model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy")
    return model


def test_base_training_uses_what_the_target_was_compiled_with() -> None:
    name = given.give(with_own_rule, SHAPE, CLASSES)
    own, flags = procedure(name), procedure(name, base_learning_rate=0.01)
    assert "Base training uses the optimizer and the loss of the compiled model: Adam" in (
        own.sentence
    )
    assert flags.sentence.startswith("Base training uses the flags' optimizer, SGD (learning_rate")
    assert "An update uses the optimizer and the loss of the compiled model" in flags.sentence
    assert own.base_version != flags.base_version
    keras.utils.set_random_seed(3)
    model = with_own_rule(SHAPE, CLASSES)
    model.run_eagerly = True
    one_hot = keras.utils.to_categorical(LABELS, CLASSES)
    data = tf.data.Dataset.from_tensor_slices((IMAGES, one_hot)).shuffle(60, seed=3).batch(64)
    model.fit(data, epochs=own.training.base_epochs, verbose=0, shuffle=False)
    for one, right in zip(own.fit(IMAGES, LABELS, 3), model.get_weights(), strict=True):
        np.testing.assert_allclose(one, right, atol=1e-5)


def test_a_function_travels_as_its_architecture() -> None:
    name = given.give(custom, SHAPE, CLASSES)
    assert name.startswith("given:custom-") and given.give(custom, SHAPE, CLASSES) == name
    here = procedure(name)
    there = pickle.loads(pickle.dumps(here))  # as a worker is sent it
    assert there == here and there.json
    one, other = here.fit(IMAGES, LABELS, 1), there.fit(IMAGES, LABELS, 1)
    for weight, same in zip(one, other, strict=True):
        np.testing.assert_array_equal(weight, same)
    assert here.architecture == procedure(name).architecture


def test_a_model_gives_its_architecture_and_not_its_weights() -> None:
    model = custom(SHAPE, CLASSES)
    name = given.give(model, SHAPE, CLASSES)
    built = zoo.build(name, SHAPE, CLASSES)
    assert [weight.shape for weight in built.weights] == [w.shape for w in model.weights]
    assert not np.array_equal(np.asarray(built.weights[0]), np.asarray(model.weights[0]))


def twice(labels: tf.Tensor, answers: tf.Tensor) -> tf.Tensor:
    """A loss that Keras finds under no name."""
    return 2 * keras.losses.sparse_categorical_crossentropy(labels, answers)


@pytest.mark.parametrize("loss", ["categorical_crossentropy", twice])
def test_a_compiled_model_gives_its_optimizer_and_its_loss(loss: Any) -> None:
    model = custom(SHAPE, CLASSES)
    model.compile(keras.optimizers.RMSprop(0.25), loss, loss_weights=[0.5])
    model.fit(IMAGES, keras.utils.to_categorical(LABELS) if loss != twice else LABELS, verbose=0)
    made = zoo.build(given.give(model, SHAPE, CLASSES), SHAPE, CLASSES)
    assert type(made.optimizer) is keras.optimizers.RMSprop
    assert made.optimizer is not model.optimizer and not made.optimizer.iterations.numpy()
    assert made.loss == loss
    told = procedure(given.give(model, SHAPE, CLASSES)).sentence
    assert told.count("of the compiled model: RMSprop (learning_rate 0.25") == 2
    flags = procedure(given.give(model, SHAPE, CLASSES), update_learning_rate=0.1).sentence
    assert "An update uses the flags' optimizer, SGD" in flags


def test_a_model_that_cannot_be_made_anew_is_refused() -> None:
    class Odd(keras.Model):
        def __init__(self, units: object) -> None:
            super().__init__()
            self.inner = custom(SHAPE, CLASSES)

        def call(self, x: object) -> object:
            return self.inner(x)

    model = Odd(object())
    model(IMAGES[:1])
    with pytest.raises(UserError, match=r"from its get_config.*Give a function of \(sample shape"):
        given.give(model, SHAPE, CLASSES)


class Own(keras.layers.Layer):
    def call(self, x: object) -> object:
        return x


def test_what_cannot_travel_is_known() -> None:
    Own.__module__ = "__main__"

    def build(shape: tuple[int, ...], classes: int) -> keras.Model:
        return keras.Sequential([custom(shape, classes), Own()])

    known = given.given(given.give(build, SHAPE, CLASSES))
    assert known and known.json is None
    assert given.given("given:nobody") is None
