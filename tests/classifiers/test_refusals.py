"""Refusals: a model that no graph can follow, by the name of the culprit."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.classifiers import own_targets
from tests.classifiers.drawn_models import Penalty
from ulk_tf.classifiers import zoo
from ulk_tf.classifiers.refusals import refuse_unfollowed
from ulk_tf.errors import UserError

SHAPE = (4,)


def model_of(call: Callable[[layers.Layer, tf.Tensor], tf.Tensor], **state: object) -> keras.Model:
    """A classifier with an own layer, whose call is given."""

    class Own(layers.Layer):
        def call(self, x: tf.Tensor) -> tf.Tensor:
            return call(self, x)

        def compute_output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
            return shape

    layer = Own()
    for name, value in state.items():
        setattr(layer, name, value)
    inputs = keras.Input(SHAPE)
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(layer(inputs)))


def counted(layer: layers.Layer, x: tf.Tensor) -> tf.Tensor:
    layer.calls.append(None)
    return x * float(len(layer.calls))


def assigned(layer: layers.Layer, x: tf.Tensor) -> tf.Tensor:
    layer.variable.assign_add(1.0)
    return x * layer.variable


def called(x: tf.Tensor) -> tf.Tensor:
    result = tf.numpy_function(lambda array: array, [x], tf.float32)
    result.set_shape(x.shape)
    return result


IMPURE = {
    "keras' global generator": (
        lambda: model_of(lambda _, x: x + keras.random.normal(keras.ops.shape(x))),
        "seed_generator_state",
    ),
    "tf.random": (lambda: model_of(lambda _, x: x + tf.random.normal((1,))), "RandomStandardN"),
    "numpy": (lambda: model_of(lambda _, x: x * np.random.uniform()), "something else each time"),
    "counter": (lambda: model_of(counted, calls=[]), "something else each time"),
    "tf.Variable": (lambda: model_of(assigned, variable=tf.Variable(0.0)), "AssignAddVariableOp"),
    "numpy_function": (lambda: model_of(lambda _, x: called(x)), "PyFunc"),
    "new layers": (lambda: model_of(lambda _, x: layers.Dense(4)(x)), "singleton tf.Variables"),
}


@pytest.mark.parametrize("name", IMPURE)
def test_calls_that_a_seed_does_not_decide(name: str) -> None:
    build, told = IMPURE[name]
    with pytest.raises(UserError, match=rf"Own\.call .*{told}"):
        refuse_unfollowed(build(), SHAPE)


@pytest.mark.parametrize("name", ["train_step", "compute_loss", "fit", "make_train_function"])
def test_a_training_of_its_own(name: str) -> None:
    def method(model: keras.Model, *given: object) -> object:
        return getattr(keras.Model, name)(model, *given)

    own = {name: method}
    inputs = keras.Input(SHAPE)
    last = layers.Dense(3, activation="softmax")
    model = type("Mine", (keras.Model,), own)(inputs, last(inputs))
    with pytest.raises(UserError, match=rf"Mine, which has a {name} of its own"):
        refuse_unfollowed(model, SHAPE)
    plain = keras.Model(inputs, last(inputs))
    setattr(plain, name, own[name])
    with pytest.raises(UserError, match=rf"Functional, which has a {name} of its own"):
        refuse_unfollowed(plain, SHAPE)


def test_what_seeds_and_weights_decide_is_followed() -> None:
    generator = keras.random.SeedGenerator(1)
    models = [
        model_of(lambda own, x: x + keras.random.normal((1,), seed=own.draws), draws=generator),
        model_of(lambda own, x: x * own.scale, scale=tf.Variable(2.0)),
        model_of(lambda _, x: tf.map_fn(lambda row: row * 2, x)),
        keras.Sequential([keras.Input(SHAPE), Penalty(), layers.GaussianNoise(1.0)]),
        keras.Sequential([keras.Input(SHAPE), layers.Lambda(lambda x: x * 2)]),
    ]
    for model in models:
        refuse_unfollowed(model, SHAPE)
    refuse_unfollowed(own_targets.residual((8, 8, 1), 3), (8, 8, 1))


def test_a_users_target_is_refused_when_it_is_built() -> None:
    with pytest.raises(UserError, match="Stepping, which has a train_step of its own"):
        zoo.build("tests.classifiers.own_targets:own_step", (8, 8, 1), 3)
