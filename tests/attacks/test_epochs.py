"""Trainings: the best epoch is kept, and one that was stopped goes on to the same weights."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from ulk_tf.attacks import epochs as epochs_module
from ulk_tf.attacks.adam import OneKernelAdam
from ulk_tf.attacks.bm_gan import BMGAN
from ulk_tf.attacks.epochs import Epochs
from ulk_tf.attacks.fit import Fitted, Schedule, fit
from ulk_tf.attacks.gan_networks import dense_generator, discriminator
from ulk_tf.attacks.noise import NormalNoise
from ulk_tf.corpus.pipeline import passes
from ulk_tf.settings.attack_configs import LabelConfig

ROWS, BATCH, STEPS = 40, 8, 5
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 6)).astype(np.float32)
Y = RNG.normal(size=(ROWS, 2)).astype(np.float32)


def dense() -> tuple[keras.Model, list[keras.optimizers.Optimizer]]:
    """A network whose dropout has a state of its own."""
    keras.utils.set_random_seed(3)
    source = keras.Input((6,))
    x = layers.Dropout(0.3, seed=1)(layers.Dense(8, "relu")(source))
    model = keras.Model(source, layers.Dense(2)(x))
    adam = keras.optimizers.Adam(0.01)
    model.compile(adam, "mse", jit_compile=False)
    adam.build(model.trainable_variables)
    return model, [adam]


def gan() -> tuple[keras.Model, list[keras.optimizers.Optimizer]]:
    """BM-GAN, with its two optimizers and its noise."""
    keras.utils.set_random_seed(3)
    pair = {name: keras.Input((3, 2), name=name) for name in ("before", "after")}
    x = layers.Flatten()(layers.Subtract()([pair["before"], pair["after"]]))
    encoder = keras.Model(pair, layers.Dropout(0.3, seed=1)(layers.Dense(4)(x)))
    model = BMGAN(
        encoder=encoder,
        generator=dense_generator(4 + 4, (2,), 8, 1),
        discriminator=discriminator((2,), 16, 2),
        labels=None,
        noise=NormalNoise(4),
        generated=2,
        adversarial_weight=0.1,
        seed=5,
    )
    model.compile(OneKernelAdam(0.01), OneKernelAdam(0.01), jit_compile=False)
    return model, [model.g_optimizer, model.d_optimizer]


def regression(rows: tf.Tensor) -> object:
    return tf.gather(X, rows), tf.gather(Y, rows)


def updating_sets(rows: tf.Tensor) -> object:
    half = tf.reshape(tf.gather(X, rows), (-1, 3, 2))
    return {"before": half, "after": half * 2}, tf.sigmoid(tf.gather(Y, rows)[:, None])


LABEL_ATTACKS = {
    "dense": (dense, regression, "val_loss"),
    "gan": (gan, updating_sets, "val_best_match"),
}


class Killed(Exception):
    """Instead of a signal."""


class KilledIn(keras.callbacks.Callback):
    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.current = epoch

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        if (self.current, batch) == (self.epoch, 2):
            raise Killed


def train(kind: str, state: Path | None, epochs: int = 5, patience: int = 9) -> Fitted:
    build, gather, monitor = LABEL_ATTACKS[kind]
    model, optimizers = build()
    schedule = Schedule("training", epochs, STEPS, monitor, patience, state, "the corpus")
    return fit(
        model,
        optimizers,
        lambda taken: passes(ROWS, BATCH, 7).skip(taken).map(gather),
        tf.data.Dataset.range(16).batch(8).map(gather),
        schedule,
    )


def killed(monkeypatch: pytest.MonkeyPatch, kind: str, state: Path, epoch: int) -> None:
    own = keras.Model.fit

    def with_death(
        model: keras.Model, *args: object, callbacks: list[object], **kw: object
    ) -> None:
        own(model, *args, callbacks=[*callbacks, KilledIn(epoch)], **kw)

    with monkeypatch.context() as patched:
        patched.setattr(keras.Model, "fit", with_death)
        with pytest.raises(Killed):
            train(kind, state)


@pytest.mark.parametrize(
    "kind",
    [pytest.param(one, marks=[pytest.mark.slow] * (one == "gan")) for one in LABEL_ATTACKS],
)
def test_a_killed_training_goes_on_to_the_same_weights(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(kind, None)
    state = tmp_path / "state.npz"
    for epoch in (2, 3):
        killed(monkeypatch, kind, state, epoch)
    again = train(kind, state)
    assert set(again.curves) == set(whole.curves)
    for name, values in whole.curves.items():
        # The last bit of what a step only reports differs from one trace to another.
        tolerance = 0 if name.startswith("val_") else 1e-6
        np.testing.assert_allclose(again.curves[name], values, rtol=tolerance, atol=0)
    for expected, found in zip(whole.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(expected, found)


def test_a_finished_training_is_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state.npz"
    whole = train("dense", state)
    monkeypatch.setattr(keras.Model, "fit", lambda *_, **__: pytest.fail("trained again"))
    again = train("dense", state)
    assert again.curves == whole.curves
    for expected, found in zip(whole.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(expected, found)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not an archive"])
def test_a_damaged_state_begins_anew(content: bytes, tmp_path: Path) -> None:
    state = tmp_path / "state.npz"
    state.write_bytes(content)
    assert train("dense", state).curves == train("dense", None).curves


@pytest.mark.slow
def test_the_state_of_another_training_does_not_count(tmp_path: Path) -> None:
    state = tmp_path / "state.npz"
    train("gan", state, epochs=2)
    assert train("dense", state).curves == train("dense", None).curves


def test_a_state_is_written_now_and_then_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    monkeypatch.setattr(epochs_module, "save_npz", lambda _, arrays: written.append(len(arrays)))
    monkeypatch.setattr(epochs_module, "WRITTEN_EVERY", 1e9)
    train("dense", tmp_path / "state.npz")
    assert len(written) == 1
    monkeypatch.setattr(epochs_module, "WRITTEN_EVERY", 0.0)
    train("dense", tmp_path / "state.npz")
    assert len(written) == 1 + 5


def watched(values: list[float], patience: int) -> tuple[int, float]:
    """Epochs until the end, and the weight that is left, where each epoch's is its number."""
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1, use_bias=False)])
    epochs = Epochs("figure", patience)
    epochs.set_model(model)
    for number, value in enumerate(values, 1):
        model.weights[0].assign([[float(number)]])
        epochs.on_epoch_end(number - 1, {"figure": value})
        if epochs.ended:
            break
    epochs.finish(model)
    return epochs.done, float(model.weights[0].numpy()[0, 0])


@pytest.mark.parametrize(
    ("values", "patience", "done", "kept"),
    [
        ([3, 2, 1, 2, 3, 0], 3, 6, 6),
        ([3, 2, 1, 2, 3, 4, 0], 3, 6, 3),
        ([1, 1, 1], 1, 2, 1),
        ([float("nan"), 2, 3], 9, 3, 2),
        ([5, 4, 3], 1, 3, 3),
    ],
)
def test_the_best_epoch_and_the_end(
    values: list[float], patience: int, done: int, kept: float
) -> None:
    assert watched(values, patience) == (done, kept)


def test_a_state_knows_what_it_was_trained_under(tmp_path: Path) -> None:
    corpus = SimpleNamespace(key="a corpus")
    plain = Schedule("training", 5, STEPS, "val_loss", 9)

    def key(*under: object, schedule: Schedule = plain) -> str:
        return schedule.at(tmp_path, "one", corpus, *under).key

    same = key(LabelConfig(), 0)
    assert same == key(LabelConfig(), 0) and same.startswith("a corpus")
    others = [
        key(LabelConfig(dropout=0.3), 0),
        key(LabelConfig(), 1),
        key(LabelConfig(), 0, schedule=replace(plain, epochs=6)),
    ]
    assert len({same, *others}) == 4
    assert plain.at(None, "one", corpus, LabelConfig()) == plain
