"""Dropout at another rate: in the layers, in keys, and in what an update computes."""

from pathlib import Path

import keras
import numpy as np
import pytest

from tests.corpus.settings import DATASETS, designs, digits, tiny
from ulk_tf.classifiers import zoo
from ulk_tf.classifiers.dropping import LAYERS, with_dropout
from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.errors import UserError
from ulk_tf.settings.presets import experiment


def rates(model: keras.Model) -> list[float]:
    """The rates of a model's dropout layers."""
    return [layer.rate for layer in model.layers if isinstance(layer, LAYERS)]


def test_all_dropout_layers_have_the_rate() -> None:
    model = zoo.build("mnist_cnn", (28, 28, 1), 10)
    assert rates(model) == [0.5, 0.5] and with_dropout(model, None) is model
    for rate in (0.0, 0.1):
        made = with_dropout(model, rate)
        assert rates(made) == [rate, rate]
        assert [one.shape for one in made.weights] == [one.shape for one in model.weights]


def test_a_compiled_classifier_stays_compiled() -> None:
    model = zoo.build("digits_cnn", (8, 8, 1), 10)
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="sparse_categorical_crossentropy")
    made = with_dropout(model, 0.0)
    assert made.optimizer.get_config()["learning_rate"] == pytest.approx(0.02)
    assert made.loss == "sparse_categorical_crossentropy"


def test_shadow_models_without_dropout_are_others(tmp_path: Path) -> None:
    (own, owner), (without, same) = (
        designs(tmp_path, **flags) for flags in ({}, {"shadow_target_dropout": 0.0})
    )
    assert own.folder != without.folder and owner.folder == same.folder
    base = BaseId("shadow", 0)
    assert own.base_key(base) != without.base_key(base)


@pytest.mark.slow
def test_updates_without_dropout_do_not_depend_on_its_seed(tmp_path: Path) -> None:
    (own, _), (without, _) = (
        designs(tmp_path, **flags) for flags in ({}, {"shadow_target_dropout": 0.0})
    )
    base = BaseId("shadow", 0)
    weights = own.procedure.fit(digits().samples[:100], digits().labels[:100], 0)
    jobs = [one.update_job(base, BaseModel(weights, 1.0, 1.0), 0, 2) for one in (own, without)]
    # One updating set, two dropout seeds: without dropout they make no difference.
    after = []
    for job in jobs:
        job.indices[1] = job.indices[0]
        after.append(job.run(DATASETS)["after"])
    assert np.abs(after[0][0] - after[0][1]).max() > 1e-5
    np.testing.assert_allclose(after[1][0], after[1][1], atol=1e-7)


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a --target with dropout layers"):
        with_dropout(zoo.build("mlp", (8, 8, 1), 10), 0.5)
    with pytest.raises(UserError, match="no --target_dropout with --procedure"):
        experiment("li", procedure="own:Class", target_dropout=0.5)
    with pytest.raises(UserError, match="--target_dropout to be at most"):
        tiny(tmp_path, target_dropout=1.5)
