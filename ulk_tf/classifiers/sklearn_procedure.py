"""scikit-learn procedure: any classifier with `partial_fit` and `predict_proba`."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from ulk_tf.classifiers.procedure import Change, Shape, Weights
from ulk_tf.files import Array

NO_ARRAYS = "the estimator learns something else than arrays and numbers of fixed shapes"


class SklearnProcedure:
    """Base class of procedures in scikit-learn: override `estimator`.

    Base training and updates are calls of `partial_fit`. Weights are the arrays and numbers that
    the estimator has learned, such as coefficients, step counts and the moments of its optimizer,
    so that an update goes on as the estimator itself would.

    Attributes:
        version: version of the procedure; the source of the class' module counts by itself.
        epochs: calls of `partial_fit` on all samples in the base training.
        update_epochs: calls of `partial_fit` on the updating set in an update.

    Args:
        shape: shape of one sample.
        classes: number of classes.

    Example:
        >>> import ulk_tf
        >>> from sklearn.linear_model import SGDClassifier
        >>> class Mine(ulk_tf.SklearnProcedure):
        ...     def estimator(self):
        ...         return SGDClassifier(loss="log_loss", learning_rate="constant", eta0=0.01)
        >>> digits = ulk_tf.load_dataset("digits")
        >>> mine = Mine(digits.sample_shape, digits.classes)
        >>> weights = mine.fit(digits.samples, digits.labels, seed=0)
        >>> mine.predict_proba(weights, digits.samples[:2]).shape
        (2, 10)
    """

    version = "1"
    epochs = 10
    update_epochs = 1

    def __init__(self, shape: Shape, classes: int) -> None:
        self.shape, self.classes = shape, classes
        self._template: Any = None

    def estimator(self) -> Any:
        """Make an estimator that has learned nothing; its `random_state` is set for you."""
        raise NotImplementedError

    def inputs(self, samples: Array) -> Array:
        """Make the estimator's inputs of samples as stored.

        Args:
            samples: uint8 images [n, height, width, channels], or float32 vectors [n, features].

        Returns:
            float64 [n, features]: pixels from 0 to 1, and vectors as they are.
        """
        flat = samples.reshape(len(samples), -1).astype(np.float64)
        return flat / 255 if samples.dtype == np.uint8 else flat

    def fit(self, samples: Array, labels: Array, seed: int) -> Weights:
        """Train a new estimator; see `Procedure`.

        Raises:
            ValueError: the estimator learns something else than arrays and numbers, such as trees.
        """
        estimator = self.estimator()
        self._train(estimator, samples, labels, self.epochs, seed)
        weights = tuple(np.array(value) for _, _, value in _learned(estimator))
        own = estimator.predict_proba(self.inputs(samples[:2]))
        if not np.array_equal(self.predict_proba(weights, samples[:2]), own):
            raise ValueError(NO_ARRAYS)
        return weights

    def update(self, weights: Weights, change: Change, seed: int) -> Weights:
        """Train an estimator further on the samples that are added; see `Procedure`.

        Raises:
            ValueError: samples are removed or kept, which only an override of this method can use.
        """
        if len(change.removed) or len(change.kept):
            raise ValueError("removed and kept samples need an `update` of the class' own")
        estimator, added = self._loaded(weights), change.added
        self._train(estimator, added.samples, added.labels, self.update_epochs, seed)
        return tuple(np.array(value) for _, _, value in _learned(estimator))

    def predict_proba(self, weights: Weights, samples: Array) -> Array:
        """Query an estimator; see `Procedure`."""
        return np.asarray(self._loaded(weights).predict_proba(self.inputs(samples)))

    def _train(self, estimator: Any, samples: Array, labels: Array, epochs: int, seed: int) -> None:
        settings = {"random_state": seed} if "random_state" in estimator.get_params() else {}
        batch = estimator.get_params().get("batch_size")
        if isinstance(batch, int):
            # A larger batch than there are samples is a warning in every update.
            settings["batch_size"] = min(batch, len(labels))
        estimator.set_params(**settings)
        inputs, classes = self.inputs(samples), np.arange(self.classes)
        for epoch in range(epochs):
            if "random_state" in settings:
                estimator.set_params(random_state=(seed + epoch) % 2**31)
            estimator.partial_fit(inputs, labels, classes=classes)

    def _loaded(self, weights: Weights) -> Any:
        """Make an estimator with these weights."""
        if self._template is None:
            template, sample = self.estimator(), np.zeros((1, *self.shape), np.uint8)
            self._train(template, sample, np.zeros(1, np.int32), 1, 0)
            # Training set some of its settings, such as a smaller batch.
            self._template = template.set_params(**self.estimator().get_params())
        estimator = copy.deepcopy(self._template)
        places = list(_learned(estimator))
        if [np.shape(value) for *_, value in places] != [weight.shape for weight in weights]:
            raise ValueError(NO_ARRAYS)
        for (owner, name, value), weight in zip(places, weights, strict=True):
            if isinstance(value, np.ndarray):
                value[...] = weight
            else:
                setattr(owner, name, weight.item())
        return estimator


def _learned(estimator: Any) -> Iterator[tuple[Any, str, Any]]:
    """Yield what an estimator has learned, in order: owner, attribute, and array or number.

    Parts of an estimator that are objects of scikit-learn, such as its optimizer, are entered.
    """
    settings = estimator.get_params() if hasattr(estimator, "get_params") else {}
    for name, value in sorted(vars(estimator).items()):
        if name in settings or isinstance(value, bool | np.bool_):
            continue
        numbers = isinstance(value, np.ndarray) and value.dtype.kind in "iuf"
        if numbers or isinstance(value, int | float | np.number):
            yield estimator, name, value
        elif isinstance(value, list) and all(isinstance(one, np.ndarray) for one in value):
            yield from ((estimator, name, one) for one in value)
        elif type(value).__module__.startswith("sklearn.") and hasattr(value, "__dict__"):
            yield from _learned(value)
