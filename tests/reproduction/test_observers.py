"""Owners of a base model: what they see is what it is called, and they learn from nothing else."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from reproduction import observers, owned, white_box
from reproduction.gradients import Handed, handed
from ulk_tf.data.datasets import Dataset, load
from ulk_tf.errors import UserError
from ulk_tf.files import read_json
from ulk_tf.settings import presets

pytestmark = pytest.mark.slow

CLASSES = 4


@pytest.fixture
def dataset() -> Dataset:
    rng = np.random.default_rng(0)
    labels = np.arange(200, dtype=np.int32) % CLASSES
    samples = rng.integers(0, 255, (len(labels), 5, 5, 1), np.uint8)
    return Dataset("random", samples, labels, tuple("abcd"))


def test_what_is_handed_out_is_the_gradient_of_the_last_layer(dataset) -> None:
    source = keras.Input((5, 5, 1))
    x = layers.Dense(6, "relu")(layers.Flatten()(layers.Rescaling(1 / 255)(source)))
    model = keras.Model(source, layers.Dense(CLASSES, "softmax")(x))
    sets = np.array([[3, 8, 17], [0, 1, 199]])
    sent = handed(model, dataset.samples, dataset.labels)
    told = sent.gradients(sets, np.random.default_rng(1))
    for row, gradient in zip(sets, told, strict=True):
        with tf.GradientTape() as tape:
            answers = model(tf.cast(dataset.samples[row], tf.float32))
            losses = keras.losses.sparse_categorical_crossentropy(dataset.labels[row], answers)
            loss = tf.reduce_sum(losses)
        kernel, bias = tape.gradient(loss, model.layers[-1].trainable_variables)
        expected = -np.vstack([kernel, bias[None]]).T
        np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("telling", "low", "high"), [(1.0, 0.8, 1.0), (0.0, -0.1, 0.05)])
def test_an_observer_gains_what_gradients_tell_and_nothing_else(
    dataset, telling, low, high
) -> None:
    pool = np.random.default_rng(2).permutation(len(dataset.labels)).astype(np.int32)
    residuals = telling * np.eye(CLASSES, dtype=np.float32)[dataset.labels[pool]][None]
    sent = Handed(np.ones((1, len(pool), 1), np.float32), residuals)
    base = owned.Owned(presets.experiment("lde"), dataset, pool[:5], pool, 150, keras.Sequential())
    view = observers.OfGradients(base, sent)
    fewer, figures = observers.gains(base, view, 8, 0.5, learned=(125, 500), tested=200)
    assert (fewer["sets"], figures["sets"]) == (125, 500)
    assert low < figures["gain"] < high
    assert figures["gain"] == pytest.approx(1 - figures["kl"] / figures["prior"])


def test_the_observer_of_posteriors_sees_what_the_base_model_answers(tmp_path) -> None:
    experiment = presets.experiment("lde", dataset="digits", base_epochs=1)
    base = owned.own(experiment, load("digits", None, tmp_path), 10)
    plan = base.plan("target", 4, 10, 0.5)
    assert not set(plan.indices.ravel()) & set(base.pool[: base.known])
    seen = observers.OfPosteriors(base).sees("target", plan)
    base.model.jit_compile = False
    answers = base.model.predict(base.dataset.samples[base.probes], verbose=0)
    np.testing.assert_allclose(seen["before"], np.stack([answers] * 4), atol=1e-5)
    assert np.abs(seen["after"] - seen["before"]).max((1, 2)).min() > 1e-4
    again = observers.OfPosteriors(base).sees("target", base.plan("target", 2, 10, 0.5))
    np.testing.assert_array_equal(again["after"], seen["after"][:2])


def test_a_pool_too_small_is_refused_and_nothing_kept(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(white_box, "KEPT", tmp_path / "kept")
    with pytest.raises(UserError, match="a pool with 100 samples to ask about"):
        white_box.measure("digits", sets=10, tested=10)
    assert not (tmp_path / "kept").exists()


def test_what_an_observer_gains_is_kept_and_told(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(white_box, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(white_box, "CASES", ((10, 0.5),))
    white_box.measure("digits", sets=400, tested=100)
    (case,) = read_json(tmp_path / "kept" / "digits.json")["cases"]
    told = capsys.readouterr().out
    for figures in zip(case["posteriors"], case["gradients"], strict=True):
        shown = " | ".join(f"{100 * f['gain']:.0f}%, {f['most_frequent']:.3f}" for f in figures)
        assert shown in told
    assert [f["sets"] for f in case["posteriors"]] == [100, 400]
    assert min(case[view][-1]["gain"] for view in ("posteriors", "gradients")) > 0.1


def test_cases_that_a_kill_left_are_not_measured_again(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(white_box, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(white_box, "CASES", ((10, 0.5), (10, None)))
    asked = []

    def gains(_owned, _view, set_size, skew, learned, tested) -> list[dict]:
        if skew is None and not asked[2:]:
            asked.append("killed")
            raise KeyboardInterrupt
        asked.append(skew)
        figures = {"gain": 0.5, "most_frequent": 0.5, "prior": 1.0}
        return [{"sets": sets, **figures} for sets in learned]

    monkeypatch.setattr(observers, "gains", gains)
    monkeypatch.setattr(owned, "own", lambda *_: None)
    for view in ("OfGradients", "OfPosteriors"):
        monkeypatch.setattr(observers, view, lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        white_box.measure("digits", sets=40, tested=20)
    white_box.measure("digits", sets=40, tested=20)
    assert asked == [0.5, 0.5, "killed", None, None]
    assert len(read_json(tmp_path / "kept" / "digits.json")["cases"]) == 2
    white_box.measure("digits", sets=80, tested=20)
    assert asked[5:] == [0.5, 0.5, None, None]
