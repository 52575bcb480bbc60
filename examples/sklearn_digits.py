"""Classifiers of scikit-learn: `--procedure=examples.sklearn_digits:Layers`, or `:Linear`."""

import keras
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier

from ulk_tf import SklearnProcedure


class Linear(SklearnProcedure):
    """Logistic regression of each class against the others."""

    def estimator(self):
        """Make the estimator."""
        return SGDClassifier(loss="log_loss", learning_rate="constant", eta0=0.01)


class Layers(SklearnProcedure):
    """A network with one hidden layer."""

    def estimator(self):
        """Make the estimator."""
        return MLPClassifier((32,), solver="sgd", learning_rate_init=0.01, batch_size=64)


def twin(shape, classes):
    """Build the network of `Layers` in Keras: `--target=examples.sklearn_digits:twin`."""
    return keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )
