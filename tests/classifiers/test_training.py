"""Base models: the same seed gives the same bytes, and only what was saved is loaded."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from ulk_tf.classifiers import zoo
from ulk_tf.classifiers.keras_procedure import KerasProcedure
from ulk_tf.classifiers.structure import architecture
from ulk_tf.classifiers.training import BaseModel, train_base
from ulk_tf.data.datasets import Dataset, load
from ulk_tf.data.splits import BaseSplit
from ulk_tf.errors import UserError
from ulk_tf.files import load_npz, save_npz
from ulk_tf.settings import presets
from ulk_tf.settings.config import TrainingConfig

CONFIG = TrainingConfig(base_learning_rate=0.02, base_epochs=4)
SPLIT = BaseSplit(np.arange(0, 800, dtype=np.int32), np.arange(800, 1600, dtype=np.int32))


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits", None, Path("unused"))


def made(
    digits: Dataset, config: TrainingConfig = CONFIG, split: BaseSplit = SPLIT, seed: int = 5
) -> BaseModel:
    party = presets.experiment("li").owner
    procedure = KerasProcedure.of(replace(party, training=config), digits.sample_shape, 10)
    return train_base(procedure, digits.samples, digits.labels, split, seed)


@pytest.fixture(scope="module")
def trained(digits: Dataset) -> BaseModel:
    return made(digits)


@pytest.fixture(scope="module")
def plain(digits: Dataset) -> BaseModel:
    return made(digits, replace(CONFIG, base_epochs=1))


def test_a_base_model_learns(trained: BaseModel, digits: Dataset) -> None:
    assert trained.train_accuracy > 0.8 and trained.pool_accuracy > 0.75
    model = zoo.build("auto", digits.sample_shape, digits.classes)
    model.set_weights(trained.weights)
    model.jit_compile = False
    for part, told in ((SPLIT.base, trained.train_accuracy), (SPLIT.pool, trained.pool_accuracy)):
        right = model.predict(digits.samples[part], verbose=0).argmax(1) == digits.labels[part]
        assert abs(right.mean() - told) < 0.002


def test_same_seed_same_bytes(trained: BaseModel, digits: Dataset) -> None:
    keras.utils.set_random_seed(99)
    again = made(digits)
    assert again.digest == trained.digest
    for one, other in zip(trained.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("change", ["seed", "samples", "epochs", "momentum", "batch", "optimizer"])
def test_everything_else_changes_them(plain: BaseModel, digits: Dataset, change: str) -> None:
    fields = {
        "epochs": {"base_epochs": 2},
        "momentum": {"base_momentum": 0.5},
        "batch": {"base_batch": 65},
        "optimizer": {"base_optimizer": "adam"},
    }
    config = replace(CONFIG, **({"base_epochs": 1} | fields.get(change, {})))
    split = BaseSplit(SPLIT.base + 1, SPLIT.pool) if change == "samples" else SPLIT
    seed = 6 if change == "seed" else 5
    assert made(digits, config, split, seed).digest != plain.digest


def test_no_epochs_leave_initial_weights(digits: Dataset) -> None:
    keras.utils.set_random_seed(5)
    fresh = zoo.build("auto", digits.sample_shape, digits.classes).get_weights()
    untrained = made(digits, replace(CONFIG, base_epochs=0))
    for one, other in zip(fresh, untrained.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_saved_is_loaded(trained: BaseModel, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "base.npz"
    trained.save(path, "key")
    loaded = BaseModel.load(path, "key")
    assert loaded.digest == trained.digest
    assert (loaded.train_accuracy, loaded.pool_accuracy) == (
        trained.train_accuracy,
        trained.pool_accuracy,
    )
    first = path.read_bytes()
    trained.save(path, "key")
    assert path.read_bytes() == first


def test_another_model_is_not_taken_for_it(trained: BaseModel, tmp_path: Path) -> None:
    trained.save(tmp_path / "base.npz", "key")
    with pytest.raises(UserError, match=r"base model with key other. Received another one"):
        BaseModel.load(tmp_path / "base.npz", "other")


@pytest.mark.parametrize("fault", ["truncated", "flipped", "empty", "absent", "foreign", "changed"])
def test_damage_is_told(trained: BaseModel, tmp_path: Path, fault: str) -> None:
    path = tmp_path / "base.npz"
    trained.save(path, "key")
    content = bytearray(path.read_bytes())
    if fault == "absent":
        path.unlink()
    elif fault == "foreign":
        save_npz(path, {"a": np.zeros(3)})
    elif fault == "changed":
        # Sound as a file, with other weights in it.
        arrays = load_npz(path)
        save_npz(path, arrays | {"weight_000": arrays["weight_000"] + 1})
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes({"truncated": content[:-9], "flipped": content, "empty": b""}[fault])
    with pytest.raises(UserError, match=r"readable \.npz|base model with key key"):
        BaseModel.load(path, "key")


def test_an_architecture_is_known_whatever_its_layers_are_called() -> None:
    shape = (8, 8, 1)
    one, same = (architecture(zoo.build("digits_cnn", shape, 10)) for _ in range(2))
    assert one == same
    others = [
        zoo.build("digits_cnn", shape, 9),
        zoo.build("digits_cnn", (9, 8, 1), 10),
        zoo.build("mlp", shape, 10),
    ]
    moments = (np.zeros(3), np.ones(3)), (np.ones(3), np.ones(3))
    others += [zoo.build("mlp", (3,), 10, known) for known in moments]
    assert len({one, *map(architecture, others)}) == 6
