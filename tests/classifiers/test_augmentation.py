"""Layers that change samples at random in training: followed as `fit` runs them, or named."""

from collections.abc import Callable

import keras
import pytest
from keras import layers

from tests.classifiers.fitting import check, sized
from ulk_tf.classifiers import own_target
from ulk_tf.classifiers.refusals import refuse_unfollowed
from ulk_tf.errors import UserError

SHAPE, CLASSES = (6, 6, 3), 3
UNIT = {"value_range": (0, 1)}
# A name -> layers in line. All draw from a seed generator of their own.
FOLLOWED: dict[str, Callable[[], list[layers.Layer]]] = {
    "crop": lambda: [layers.RandomCrop(4, 4), layers.CenterCrop(4, 4), layers.RandomFlip()],
    "moved": lambda: [
        layers.RandomRotation(0.2),
        layers.RandomZoom(0.2),
        layers.RandomTranslation(0.2, 0.2),
        layers.RandomErasing(0.7, **UNIT),
    ],
    "elastic": lambda: [layers.RandomElasticTransform()],
    "sheared": lambda: [layers.RandomShear(0.3, 0.3), layers.RandomPerspective(0.7)],
    "coloured": lambda: [
        layers.RandomBrightness(0.2, **UNIT),
        layers.RandomContrast(0.2),
        layers.RandomHue(0.2, **UNIT),
        layers.RandomSaturation(0.7),
        layers.RandomInvert(0.5, **UNIT),
        layers.RandomGrayscale(0.5),
    ],
    "blurred": lambda: [layers.RandomSharpness(0.5), layers.RandomGaussianBlur(0.7)],
    "mixed": lambda: [layers.MixUp(), layers.CutMix(), layers.RandomColorDegeneration(0.5)],
    "jitter": lambda: [layers.RandomColorJitter(**UNIT, brightness_factor=0.2, hue_factor=0.2)],
    "posterized": lambda: [layers.RandomPosterization(3, **UNIT)],
    "RandAugment": lambda: [layers.RandAugment(**UNIT)],
    "Pipeline": lambda: [layers.Pipeline([layers.RandomFlip(), layers.RandomRotation(0.1)])],
}


def classifier(inner: list[layers.Layer]) -> keras.Model:
    keras.utils.set_random_seed(1)
    last = layers.Dense(CLASSES, activation="softmax")
    inputs = keras.Input(SHAPE)
    x = inputs
    for layer in (*inner, layers.Flatten(), last):
        x = layer(x)
    return keras.Model(inputs, x)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n == "crop" else pytest.mark.slow) for n in FOLLOWED]
)
def test_an_update_is_what_fit_does(name: str) -> None:
    check(lambda: classifier(FOLLOWED[name]()), sized(5, 3, 2), SHAPE, CLASSES)


def test_python_randomness_of_keras_is_named() -> None:
    # A plain dropout before it: not every layer is named.
    model = classifier([layers.Dropout(0.1), layers.AugMix(**UNIT)])
    with pytest.raises(UserError, match=r"Received AugMix with Python that does something else"):
        refuse_unfollowed(model, SHAPE)


def test_a_crop_in_training_alone_is_named() -> None:
    model = classifier([layers.RandomCrop(4, 4)])
    told = r"one shape in training and in prediction. Received RandomCrop \(.*CenterCrop"
    with pytest.raises(UserError, match=told):
        own_target.check("mine:build", model, SHAPE, CLASSES)
    with pytest.raises(UserError, match=told):
        refuse_unfollowed(model, SHAPE)
