"""Optimizer and loss of an update, and the sentence that names them."""

from dataclasses import replace

import keras
import pytest
from keras import layers

from ulk_tf.classifiers.following import is_plain, training_sentence, update_sentence
from ulk_tf.settings.config import TrainingConfig
from ulk_tf.settings.update_config import UpdateConfig

RATES = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)


def classifier(*inner: layers.Layer) -> keras.Model:
    last = layers.Dense(3, activation="softmax")
    return keras.Sequential([keras.Input((4,)), *inner, last])


def test_an_update_by_the_flags_is_said() -> None:
    model = classifier()
    said = update_sentence(model, UpdateConfig(update_learning_rate=0.05))
    assert said == (
        "An update uses the flags' optimizer, SGD (learning_rate 0.05, momentum 0.9), "
        "and sparse_categorical_crossentropy."
    )
    model.compile("adam", "mse")
    assert update_sentence(model, UpdateConfig(update_learning_rate=0.05), compiled=False) == said
    adam = UpdateConfig(update_optimizer="adam", update_learning_rate=0.01)
    assert "Adam (learning_rate 0.01)" in update_sentence(classifier(), adam)
    longer = update_sentence(classifier(), replace(adam, update_epochs=3))
    assert longer.endswith("sparse_categorical_crossentropy, for 3 epochs.")


def test_base_training_is_said() -> None:
    model = classifier()
    config = TrainingConfig(base_learning_rate=0.05)
    said = training_sentence(model, config)
    assert said == (
        "Base training uses the flags' optimizer, SGD (learning_rate 0.05, momentum 0.9), "
        "and sparse_categorical_crossentropy."
    )
    model.compile(keras.optimizers.SGD(0.5, 0.9), "mse")
    assert training_sentence(model, replace(config, base_compiled=False)) == said
    assert training_sentence(model, config) == (
        "Base training uses the optimizer and the loss of the compiled model: "
        "SGD (learning_rate 0.5, momentum 0.9), mse."
    )


@pytest.mark.parametrize(
    ("optimizer", "loss", "told"),
    [
        (keras.optimizers.SGD(0.5, 0.9), "mse", "SGD (learning_rate 0.5, momentum 0.9), mse."),
        (
            keras.optimizers.AdamW(0.25, weight_decay=0.5, clipnorm=1.0),
            keras.losses.CategoricalCrossentropy(),
            "AdamW (learning_rate 0.25, weight_decay 0.5, clipnorm 1), CategoricalCrossentropy.",
        ),
        (
            keras.optimizers.SGD(RATES, nesterov=True),
            keras.losses.sparse_categorical_crossentropy,
            "SGD (learning_rate ExponentialDecay, nesterov True), sparse_categorical_crossentropy.",
        ),
        (
            keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5)),
            None,
            "SGD (learning_rate 0.5), the losses that its layers add.",
        ),
    ],
)
def test_an_update_of_a_compiled_model_is_said(
    optimizer: keras.Optimizer, loss: object, told: str
) -> None:
    model = classifier()
    model.compile(optimizer, loss)
    said = update_sentence(model, UpdateConfig())
    assert said == f"An update uses the optimizer and the loss of the compiled model: {told}"


def test_plain_updates() -> None:
    plain = classifier(layers.BatchNormalization(), layers.GaussianNoise(1.0))
    assert is_plain(plain)
    frozen = layers.Dense(3, kernel_regularizer="l2", kernel_constraint="non_neg", trainable=False)
    assert is_plain(classifier(frozen))
    others = [
        layers.Dense(3, kernel_regularizer="l2"),
        layers.Dense(3, kernel_constraint="non_neg"),
        layers.ActivityRegularization(0.1),
        layers.Dense(3, dtype="mixed_bfloat16"),
        classifier(layers.Dense(3, bias_regularizer="l2")),
    ]
    assert not any(is_plain(classifier(layer)) for layer in others)
