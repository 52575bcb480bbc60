"""Base models from files: opened once, held against the data, refused in one sentence."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from ulk_tf import keras_files
from ulk_tf.classifiers import base_file, given
from ulk_tf.classifiers.keras_procedure import KerasProcedure
from ulk_tf.errors import UserError
from ulk_tf.settings import presets

SHAPE, CLASSES = (6,), 3
SAMPLES = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)


def network(shape: tuple[int, ...] = SHAPE, classes: int = CLASSES, last: Any = "softmax") -> Any:
    inputs = keras.Input(shape)
    hidden = layers.Dense(5, "relu")(inputs)
    return keras.Model(inputs, layers.Dense(classes, last)(hidden))


def of_another_width(shape: tuple[int, ...], classes: int) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, layers.Dense(classes, "softmax")(layers.Dense(4, "relu")(inputs)))


def of_another_activation(shape: tuple[int, ...], classes: int) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, layers.Dense(classes, "softmax")(layers.Dense(5, "tanh")(inputs)))


def opened(base: object, **flags: Any) -> base_file.BaseFile:
    """Open as a run does, and check that the side's procedure answers with the weights."""
    experiment = presets.experiment("li", base_model=str(base), **flags)
    party = base_file.with_architecture(experiment, "owner", SHAPE, CLASSES)
    found = base_file.opened(party, SHAPE, CLASSES)
    assert found is not None
    procedure = KerasProcedure.of(party, SHAPE, CLASSES)
    base_file.check_fit(found, procedure, SAMPLES, CLASSES)
    return found


def test_a_keras_file_brings_weights_and_architecture(tmp_path: Path) -> None:
    model = network()
    model.save(tmp_path / "m.keras")
    found = opened(tmp_path / "m.keras")
    for one, other in zip(found.weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    experiment = presets.experiment("li", base_model=str(tmp_path / "m.keras"))
    own = base_file.with_architecture(experiment, "owner", SHAPE, CLASSES).model.target
    known = given.given(own)
    assert known is not None and known.json is not None
    # An outsider trains in its image, unless she assumes another.
    others = (
        ({}, own),
        ({"shadow_target": "mlp"}, "mlp"),
        # A Keras file fits no procedure of another framework, and need not.
        ({"shadow_procedure": "theirs:Mine"}, "auto"),
    )
    for flags, target in others:
        experiment = presets.experiment("li", base_model=str(tmp_path / "m.keras"), **flags)
        party = base_file.with_architecture(experiment, "adversary", SHAPE, CLASSES)
        assert party.model.target == target
    # The same weights are the same base model, wherever they come from.
    (tmp_path / "again.keras").write_bytes((tmp_path / "m.keras").read_bytes())
    assert opened(tmp_path / "again.keras").digest == found.digest
    assert opened(base_file.give(model)).digest == found.digest


def test_a_compiled_file_is_updated_as_compiled_says(tmp_path: Path) -> None:
    model = network()
    model.compile(keras.optimizers.RMSprop(0.25), "sparse_categorical_crossentropy")
    model.save(tmp_path / "m.keras")
    for flags, sentence in (({}, "RMSprop"), ({"update_learning_rate": 0.1}, "sgd")):
        experiment = presets.experiment("li", base_model=str(tmp_path / "m.keras"), **flags)
        party = base_file.with_architecture(experiment, "owner", SHAPE, CLASSES)
        procedure = KerasProcedure.of(party, SHAPE, CLASSES)
        assert sentence.lower() in procedure.sentence.lower()


def test_weights_alone_are_taken_in_their_order(tmp_path: Path) -> None:
    model = network()
    np.savez(tmp_path / "w.npz", *model.get_weights())
    builder = f"{__name__}:network"
    found = opened(tmp_path / "w.npz", target=builder)
    assert found.architecture == "" and found.model is None
    given_name = base_file.give(model.get_weights())
    assert opened(given_name, target=builder).digest == found.digest
    # More than ten arrays: arr_10 comes after arr_9.
    np.savez(tmp_path / "many.npz", *[np.full(1, n) for n in range(12)])
    assert [int(w[0]) for w in base_file._arrays(tmp_path / "many.npz")] == list(range(12))


def _bomb(path: Path) -> None:
    network().save(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/zeros", bytes(2**20))


def _lambda(path: Path) -> None:
    inputs = keras.Input(SHAPE)
    outputs = layers.Lambda(lambda x: x[:, :3], output_shape=(3,))(inputs)
    keras.Model(inputs, layers.Softmax()(outputs)).save(path)


def _nan(path: Path) -> None:
    model = network()
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    np.savez(path, *model.get_weights())


@pytest.mark.parametrize(
    ("name", "write", "flags", "told"),
    [
        ("gone.keras", lambda path: None, {}, "which does not exist"),
        ("m.h5", lambda path: path.write_bytes(b"x"), {}, r"\.keras file, or a \.npz"),
        ("m.keras", lambda path: path.write_bytes(b"no model"), {}, "a .keras file. Received"),
        ("m.keras", _bomb, {}, "at most 100000 bytes unpacked"),
        ("m.keras", _lambda, {}, "without code of its own"),
        ("m.keras", lambda path: network((7,)).save(path), {}, r"samples of shape \[6\]"),
        ("m.keras", lambda path: network(classes=4).save(path), {}, "posteriors of 3 classes"),
        ("m.keras", lambda path: network(last=None).save(path), {}, "with softmax"),
        (
            "m.keras",
            lambda path: network().save(path),
            {"target": f"{__name__}:of_another_width"},
            "weights of the architecture of --target",
        ),
        (
            "m.keras",
            lambda path: network().save(path),
            {"target": f"{__name__}:of_another_activation"},
            "answers as --target.*Leave --target out",
        ),
        (
            "w.npz",
            lambda path: np.savez(path, *network().get_weights()),
            {"target": f"{__name__}:of_another_width"},
            "4 arrays .*Give the --target that these weights are of",
        ),
        ("w.npz", lambda path: np.savez(path, a=np.array(["x"])), {}, "arrays of numbers"),
        ("w.npz", np.savez, {}, "no array at all"),
        ("w.npz", _nan, {"target": f"{__name__}:network"}, "finite weights"),
    ],
)
def test_what_is_no_base_model_of_these_data(
    name: str,
    write: Callable[[Path], None],
    flags: dict[str, Any],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if "unpacked" in told:
        monkeypatch.setattr(keras_files, "MAX_UNPACKED", 100_000)
    write(tmp_path / name)
    with pytest.raises(UserError, match=told) as caught:
        opened(tmp_path / name, **flags)
    assert "\n" not in str(caught.value)


def test_what_is_no_model_in_python() -> None:
    with pytest.raises(UserError, match=r"a keras\.Model or a list of weights. Received int"):
        base_file.give(7)  # type: ignore[arg-type]
