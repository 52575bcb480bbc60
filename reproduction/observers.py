"""Observers: networks trained on a base model's own updates to infer updating sets' labels."""

from collections.abc import Sequence
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reproduction.gradients import Handed, handed
from reproduction.owned import Owned
from ulk_tf.attacks.encoder import AcrossClasses, parts_by_class
from ulk_tf.attacks.features import fit_features
from ulk_tf.corpus.plan import PlanRows
from ulk_tf.data.splits import ROLES, Role
from ulk_tf.evaluation.metrics import kl_divergence, most_frequent_hits
from ulk_tf.files import Array
from ulk_tf.settings.attack_configs import LabelConfig

Result = dict[str, Any]
Inputs = Array | dict[str, Array]

EPOCHS = 8


class Observer(Protocol):
    """Interface of an observer."""

    def sees(self, side: Role, plan: PlanRows) -> Inputs:
        """Compute its observations of planned updates, one row each."""

    def network(self, seen: Inputs) -> keras.Model:
        """Build its network for such observations."""


class OfPosteriors:
    """Observer of posteriors before and after, as an attack, but trained on the same base model.

    Args:
        owned: the base model.
    """

    def __init__(self, owned: Owned) -> None:
        self._owned = owned

    def sees(self, side: Role, plan: PlanRows) -> Inputs:
        """Compute `before` and `after`, float32 [sets, probes, classes]."""
        del side
        before, after = self._owned.posteriors(plan)
        return {"before": np.broadcast_to(before, after.shape), "after": after}

    def network(self, seen: Inputs) -> keras.Model:
        """Build the attacks' default features and a perceptron with weights shared by classes."""
        before, after = seen["before"][:2000], seen["after"][:2000]
        features = fit_features(LabelConfig().feature_map, before, after)
        source = {name: keras.Input(after.shape[1:], name=name) for name in ("before", "after")}
        parts = parts_by_class(features, features(**source), *after.shape[1:])
        return keras.Model(source, _perceptron(_beside(*parts), seed=0))


class OfGradients:
    """Observer of the exact gradient of the last layer for a set, with dropout active.

    Args:
        owned: the base model; its last layer is dense.
        sent: gradients of each sample of its pool; computed when None.
    """

    def __init__(self, owned: Owned, sent: Handed | None = None) -> None:
        self._owned = owned
        keras.utils.set_random_seed(owned.experiment.seed)
        dataset, pool = owned.dataset, owned.pool
        self._sent = sent or handed(owned.model, dataset.samples[pool], dataset.labels[pool])
        self._place = np.zeros(len(dataset.labels), np.int64)
        self._place[pool] = np.arange(len(pool))

    def sees(self, side: Role, plan: PlanRows) -> Inputs:
        """Compute negative gradients, float32 [sets, classes, units + 1]."""
        rng = np.random.default_rng([1, ROLES.index(side), plan.indices.shape[1]])
        return self._sent.gradients(self._place[plan.indices], rng)

    def network(self, seen: Inputs) -> keras.Model:
        """Build a perceptron by class on gradients, raw and compressed by asinh."""
        deviation = tf.constant(np.maximum(seen.std((0, 1)), 1e-9))
        source = keras.Input(seen.shape[1:])
        scaled = source / deviation
        both = layers.Concatenate()([scaled, keras.ops.arcsinh(10 * scaled)])
        return keras.Model(source, _perceptron(both, seed=0))


def gains(
    owned: Owned,
    observer: Observer,
    set_size: int,
    skew: float | None,
    learned: Sequence[int],
    tested: int,
) -> list[Result]:
    """Train an observer on increasing numbers of sets, and test each.

    Args:
        owned: the base model.
        observer: the observer.
        set_size: samples in a set.
        skew: Dirichlet concentration of the sets' labels, as in `--label_skew`.
        learned: numbers of training sets.
        tested: number of test sets, of other samples.

    Returns:
        For each number of training sets the KL divergence of the predictions, the accuracy of
        the most frequent label, the KL divergence of the prior, and the gain over it.
    """
    plans = [owned.plan("shadow", max(learned), set_size, skew)]
    plans.append(owned.plan("target", tested, set_size, skew))
    seen, unseen = (
        observer.sees(side, plan) for side, plan in zip(("shadow", "target"), plans, strict=True)
    )
    labels, truth = (owned.truth(plan) for plan in plans)
    prior = float(kl_divergence(truth, labels.mean(0)[None]).mean())
    results = []
    for sets in learned:
        answers = _fit(observer, _first(seen, sets), labels[:sets]).predict(
            unseen, batch_size=500, verbose=0
        )
        kl = float(kl_divergence(truth, answers).mean())
        hit = float(most_frequent_hits(truth, answers).mean())
        figures = {"sets": sets, "kl": kl, "most_frequent": hit, "prior": prior}
        results.append(figures | {"gain": 1 - kl / prior})
    return results


def _first(seen: Inputs, sets: int) -> Inputs:
    """Take the observations of the first sets."""
    if isinstance(seen, dict):
        return {name: part[:sets] for name, part in seen.items()}
    return seen[:sets]


def _fit(observer: Observer, seen: Inputs, labels: Array) -> keras.Model:
    keras.utils.set_random_seed(0)
    model = observer.network(seen)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, EPOCHS * len(labels) // 128, alpha=0.02)
    model.compile(keras.optimizers.Adam(rate), "kl_divergence", jit_compile=False)
    model.fit(seen, labels, batch_size=128, epochs=EPOCHS, verbose=0)
    return model


def _perceptron(x: keras.KerasTensor, seed: int) -> keras.KerasTensor:
    """Build a perceptron by class: [batch, classes, values] -> shares."""
    for number, width in enumerate((256, 128)):
        if number:
            x = _beside_all(x)
        start = keras.initializers.GlorotUniform(seed + number)
        x = layers.Dense(width, "gelu", kernel_initializer=start)(x)
        x = layers.Dropout(0.2, seed=seed + number)(x)
    x = _beside_all(x)
    x = layers.Dense(64, "gelu", kernel_initializer=keras.initializers.GlorotUniform(seed + 8))(x)
    x = layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(seed + 9))(x)
    return layers.Softmax()(layers.Flatten()(x))


def _beside_all(x: keras.KerasTensor) -> keras.KerasTensor:
    """Put mean and largest over the classes beside the values of each class."""
    return _beside(x, AcrossClasses()(x))


def _beside(own: keras.KerasTensor, of_all: keras.KerasTensor) -> keras.KerasTensor:
    """Put values of all classes, [batch, 1, values], beside those of each."""
    return layers.Concatenate()([own, keras.ops.repeat(of_all, own.shape[1], axis=1)])
