"""scikit-learn's classifiers as procedures: what `partial_fit` itself does."""

import copy
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier

from ulk_tf.classifiers.own_procedure import OwnProcedure
from ulk_tf.classifiers.procedure import Change, Samples
from ulk_tf.classifiers.procedure_class import give
from ulk_tf.classifiers.sklearn_procedure import SklearnProcedure
from ulk_tf.settings.update_config import UpdateConfig

SHAPE, CLASSES = (4, 4, 1), 3
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (60, *SHAPE)).astype(np.uint8)
LABELS = RNG.integers(0, CLASSES, 60).astype(np.int32)
ESTIMATORS: dict[str, Any] = {
    "sgd": SGDClassifier(loss="log_loss"),
    "sgd, averaged": SGDClassifier(loss="log_loss", average=True),
    "mlp, adam": MLPClassifier((6,), batch_size=16),
    "mlp, sgd": MLPClassifier((6, 5), solver="sgd", learning_rate="invscaling"),
    "naive Bayes": GaussianNB(),
}


def procedure(estimator: Any) -> SklearnProcedure:
    class Mine(SklearnProcedure):
        epochs = 3

        def estimator(self) -> Any:
            return copy.deepcopy(estimator)

    OwnProcedure(give(Mine), SHAPE, CLASSES).check(IMAGES, LABELS, UpdateConfig(set_size=1))
    return Mine(SHAPE, CLASSES)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_updates_go_on_as_the_estimator_itself_would(name: str) -> None:
    estimator, mine = ESTIMATORS[name], procedure(ESTIMATORS[name])
    real, inputs = copy.deepcopy(estimator), IMAGES.reshape(60, -1) / 255
    seeded = "random_state" in real.get_params()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # batches larger than the updating set
        for seed in (5, 6, 7, 20):
            if seeded:
                real.set_params(random_state=seed)
            rows = slice(0, 50) if seed < 20 else slice(50, 52)
            real.partial_fit(inputs[rows], LABELS[rows], classes=np.arange(CLASSES))
            if seed == 7:
                before = real.predict_proba(inputs)
    weights, none = mine.fit(IMAGES[:50], LABELS[:50], 5), Samples.none_like(IMAGES)
    np.testing.assert_array_equal(mine.predict_proba(weights, IMAGES), before)
    change = Change(Samples(IMAGES[50:52], LABELS[50:52]), none, none)
    updated = mine.update(weights, change, 20)
    np.testing.assert_array_equal(mine.predict_proba(updated, IMAGES), real.predict_proba(inputs))
    assert np.abs(real.predict_proba(inputs) - before).max() > 1e-6


def test_what_is_no_array_is_refused() -> None:
    class Forest(RandomForestClassifier):
        def partial_fit(self, x: Any, y: Any, classes: Any) -> "Forest":
            return self.fit(x, y)

    with pytest.raises(Exception, match=r"fit to return without an error.*than arrays"):
        procedure(Forest(3))
    mine = procedure(GaussianNB())
    some, none = Samples(IMAGES[:4], LABELS[:4]), Samples.none_like(IMAGES)
    with pytest.raises(ValueError, match="an `update` of the class' own"):
        mine.update(mine.fit(IMAGES, LABELS, 0), Change(some, some, none), 0)
