"""An architecture's digest: of what is built, not of the names that Keras counts up."""

from collections.abc import Callable
from pathlib import Path

import keras
import pytest
from keras import layers

from tests.classifiers.drawn_models import Penalty
from ulk_tf.classifiers import zoo
from ulk_tf.classifiers.structure import architecture


def block(
    units: int = 4, activation: str = "relu", inner: keras.Model | None = None
) -> keras.Model:
    parts = [keras.Input((4,)), layers.Dense(units, activation=activation), layers.Dense(4)]
    return keras.Sequential([*parts, *([inner] if inner else [])])


def outer(*blocks: keras.Model) -> keras.Model:
    inputs = keras.Input((4,))
    x = inputs
    for part in blocks:
        x = layers.Add()([part(x), x])
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


def shared_inside() -> keras.Model:
    part = block()
    return outer(part, block(inner=part))


def subclassed(units: int, frozen: bool = False) -> keras.Model:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inside = layers.Dense(units, trainable=not frozen)
            self.last = layers.Dense(3, activation="softmax")

        def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
            return self.last(self.inside(x))

    model = Own()
    model(keras.Input((4,)))
    return model


def compiled(rate: float) -> keras.Model:
    model = outer(block())
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


def wrapped(units: int) -> keras.Model:
    steps = keras.Sequential([keras.Input((2, 2)), layers.Bidirectional(layers.GRU(units))])
    return keras.Sequential([keras.Input((4,)), layers.Reshape((2, 2)), steps])


BUILT: dict[str, Callable[[], keras.Model]] = {
    "nested": lambda: outer(block()),
    "nested, wider": lambda: outer(block(5)),
    "nested, other activation": lambda: outer(block(activation="tanh")),
    "two nested": lambda: outer(block(), block()),
    "one nested twice": lambda: outer(*[block()] * 2),
    "deep": lambda: outer(block(inner=block(inner=block()))),
    "deep, other inside": lambda: outer(block(inner=block(inner=block(5)))),
    "one inside another": shared_inside,
    "none inside another": lambda: outer(block(), block(inner=block())),
    "half precision inside": lambda: outer(
        keras.Sequential([keras.Input((4,)), layers.Dense(4, dtype="mixed_float16")])
    ),
    "own layer": lambda: keras.Sequential([keras.Input((4,)), Penalty()]),
    "own model": lambda: subclassed(4),
    "own model, wider": lambda: subclassed(5),
    "own model, frozen": lambda: subclassed(4, frozen=True),
    "compiled": lambda: compiled(0.1),
    "compiled, faster": lambda: compiled(0.2),
    "wrapper": lambda: wrapped(3),
    "wrapper, wider": lambda: wrapped(4),
    "flat": lambda: keras.Sequential([keras.Input((4,)), layers.Dense(3)]),
}


@pytest.fixture(scope="module")
def digests() -> dict[str, str]:
    return {name: architecture(build()) for name, build in BUILT.items()}


@pytest.mark.parametrize("name", BUILT)
def test_built_twice_it_is_found_again(name: str, digests: dict[str, str]) -> None:
    layers.Dense(1)  # Keras counts on
    assert architecture(BUILT[name]()) == digests[name]


def test_another_structure_is_another_digest(digests: dict[str, str]) -> None:
    assert len(set(digests.values())) == len(BUILT)


SOURCE = """
import keras
from keras import layers
keras.config.set_epsilon({epsilon})

def loss(labels, answers):
    return keras.losses.sparse_categorical_crossentropy(labels, answers) * {factor}

def build(shape, classes):
    inputs = keras.Input(shape)
    model = keras.Model(inputs, layers.Dense(classes, activation="softmax")(inputs))
    {compiled}
    return model
"""


def test_own_code_and_own_settings_are_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)

    def found(name: str, epsilon: float, factor: int, compiled: str) -> str:
        text = SOURCE.format(epsilon=epsilon, factor=factor, compiled=compiled)
        (tmp_path / f"{name}.py").write_text(text)
        return architecture(zoo.build(f"{name}:build", (4,), 3))

    compiled = "model.compile('sgd', loss)"
    digests = [
        found("own_code_1", 1e-7, 2, ""),
        found("own_code_2", 1e-3, 2, ""),
        found("own_code_3", 1e-7, 2, compiled),
        found("own_code_4", 1e-7, 3, compiled),
    ]
    assert len(set(digests)) == 4
    assert architecture(zoo.build("own_code_2:build", (4,), 3)) == digests[1]
    assert architecture(zoo.build("own_code_3:build", (4,), 3)) == digests[2]


@pytest.mark.parametrize(
    ("target", "shape", "known"),
    [
        ("digits_cnn", (8, 8, 1), "3b710c3c74d09ff0"),
        ("mnist_cnn", (28, 28, 1), "bf964a93be4d3078"),
    ],
)
def test_corpora_of_the_zoo_are_found_again(
    target: str, shape: tuple[int, ...], known: str
) -> None:
    assert architecture(zoo.build(target, shape, 10)).startswith(known)
