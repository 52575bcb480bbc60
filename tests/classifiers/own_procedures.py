"""Procedures of a user's own, named by --procedure=tests.classifiers.own_procedures:Class."""

from typing import Any

import numpy as np

from tests.classifiers.own_helpers import softmax
from ulk_tf.classifiers.procedure import Change
from ulk_tf.files import Array

Weights = tuple[Array, ...]


class Softmax:
    """Softmax regression in NumPy; a step on each updating set, with noise from its seed."""

    version = "1"

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        self.shape, self.classes = shape, classes

    def fit(self, samples: Array, labels: Array, seed: int) -> Weights:
        rng = np.random.default_rng(seed)
        weights = (rng.normal(size=(int(np.prod(self.shape)), self.classes)) * 0.01,)
        for _ in range(30):
            weights = self.step(weights, samples, labels, 1.0)
        return weights

    def update(self, weights: Weights, change: Change, seed: int) -> Weights:
        rate = 1 + np.random.default_rng(seed).uniform()
        return self.step(weights, change.added.samples, change.added.labels, rate)

    def predict_proba(self, weights: Weights, samples: Array) -> Array:
        return softmax(self.flat(samples) @ weights[0])

    def step(self, weights: Weights, samples: Array, labels: Array, rate: float) -> Weights:
        errors = softmax(self.flat(samples) @ weights[0]) - np.eye(self.classes)[labels]
        return (weights[0] - rate * self.flat(samples).T @ errors / len(labels),)

    def flat(self, samples: Array) -> Array:
        return samples.reshape(len(samples), -1) / 255


class Censoring(Softmax):
    """Sets small posteriors to 0, as squared hinges and nearest neighbours do."""

    def predict_proba(self, weights: Weights, samples: Array) -> Array:
        exact = super().predict_proba(weights, samples)
        cut = np.where(exact < 0.02, 0, exact)
        return cut / cut.sum(axis=1, keepdims=True)


class Reading(Softmax):
    """Reads two flags."""

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        update_epochs: int,
        update_learning_rate: float = 3.0,
    ) -> None:
        super().__init__(shape, classes)
        self.epochs, self.rate = update_epochs, update_learning_rate

    def update(self, weights: Weights, change: Change, seed: int) -> Weights:
        for _ in range(self.epochs):
            weights = self.step(weights, change.added.samples, change.added.labels, self.rate)
        return weights


class Late(Softmax):
    """Raises in the updates of one sample only, which no check on others sees."""

    def update(self, weights: Weights, change: Change, seed: int) -> Weights:
        if seed % 5 == 0:
            raise RuntimeError("five")
        return super().update(weights, change, seed)


class Odd(Softmax):
    """Does one odd thing, named by the class attribute."""

    oddity = ""
    calls = 0

    def fit(self, samples: Array, labels: Array, seed: int) -> Any:
        weights = super().fit(samples, labels, seed)
        odd: dict[str, Any] = {
            "fit: no tuple": weights[0],
            "fit: objects": (np.array([{}]),),
            "fit: lists": ([1.0],),
            "fit: NaN": (weights[0] * np.nan,),
            "fit: text": (np.array(["a"]),),
            "fit: other seed": (weights[0] + np.random.default_rng().normal(),),
        }
        return odd.get(self.oddity, weights)

    def update(self, weights: Weights, change: Change, seed: int) -> Any:
        if self.oddity == "update: raises":
            raise KeyError("layer")
        if self.oddity == "update: in place":
            weights[0][0] += 1
        if self.oddity == "update: samples in place":
            change.added.samples[0] = 0
        updated = super().update(weights, change, seed)
        self.calls += 1
        odd: dict[str, Any] = {
            "update: nothing": None,
            "update: state": (updated[0] + self.calls,),
            "update: infinite": (updated[0] / 0.0,),
        }
        return odd.get(self.oddity, updated)

    def predict_proba(self, weights: Weights, samples: Array) -> Any:
        answers = super().predict_proba(weights, samples)
        odd: dict[str, Any] = {
            "predict_proba: labels": answers.argmax(1),
            "predict_proba: rows": answers[:1],
            "predict_proba: logits": np.log(answers),
            "predict_proba: doubled": 2 * answers,
            "predict_proba: NaN": answers * np.nan,
            "predict_proba: whole": answers.round().astype(int),
            "predict_proba: list": answers.tolist(),
        }
        return odd.get(self.oddity, answers)


class Incomplete:
    """Lacks a method."""

    version = "1"

    def __init__(self, shape: tuple[int, ...], classes: int) -> None: ...

    fit = predict_proba = lambda *_: None


class Unversioned(Softmax):
    """Has no version."""

    version = ""


class Unready(Softmax):
    """Raises when it is constructed."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        raise OSError("no licence")


class Wanting(Softmax):
    """Wants an argument that is no flag."""

    def __init__(self, shape: tuple[int, ...], classes: int, depth: int) -> None: ...


no_class = 3
