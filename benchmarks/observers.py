"""An observer of the last layer's gradients, and what it learns of updating sets' labels."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ulk_tf.attacks.encoder import AcrossClasses
from ulk_tf.config import Experiment
from ulk_tf.corpus.design import BaseId, Design
from ulk_tf.corpus.pipeline import label_shares
from ulk_tf.corpus.plan import draw
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import SIDES, Side
from ulk_tf.errors import UserError
from ulk_tf.evaluation.metrics import kl_divergence
from ulk_tf.files import Array
from ulk_tf.target import zoo

Result = dict[str, Any]

# Dropout is drawn this many times for each sample, and one of them taken for each set.
PASSES = 6
EPOCHS = 8
# Of the pool, what the observer learns from; it is asked about sets of the other samples.
LEARNED = 0.8


@dataclass(frozen=True)
class Handed:
    """What each sample of a pool sends to the last layer.

    Attributes:
        inputs: of the layer, and 1 for its bias, float32 [passes, samples, units + 1].
        residuals: one-hot label minus posterior, float32 [passes, samples, classes].
    """

    inputs: Array
    residuals: Array

    def gradients(self, sets: Array, rng: np.random.Generator) -> Array:
        """Minus the gradient of each set, summed over its samples.

        Args:
            sets: positions in the pool, int [sets, set_size].
            rng: takes one dropout pass for each sample of each set.

        Returns:
            float32 [sets, classes, units + 1].
        """
        blocks = []
        for rows in np.array_split(sets, max(len(sets) // 500, 1)):
            passes = rng.integers(len(self.inputs), size=rows.shape)
            inputs, residuals = self.inputs[passes, rows], self.residuals[passes, rows]
            blocks.append(np.einsum("nsc,nsu->ncu", residuals, inputs, optimize=True))
        return np.concatenate(blocks)


def handed(model: keras.Model, samples: Array, labels: Array) -> Handed:
    """Query a base model in training mode.

    Args:
        model: its last layer is dense, with softmax.
        samples: [n, ...].
        labels: int [n].
    """
    opened = keras.Model(model.input, [model.layers[-1].input, model.output])
    inputs, residuals = [], []
    for _ in range(PASSES):
        parts = [opened(tf.cast(part, tf.float32), training=True) for part in _parts(samples)]
        units, posteriors = (
            np.concatenate([np.asarray(p) for p in own]) for own in zip(*parts, strict=True)
        )
        inputs.append(np.hstack([units, np.ones((len(units), 1), np.float32)]))
        residuals.append(np.eye(posteriors.shape[1], dtype=np.float32)[labels] - posteriors)
    return Handed(np.stack(inputs), np.stack(residuals))


def observer(shape: tuple[int, ...], seed: int) -> keras.Model:
    """A perceptron class by class, as the attacks' encoder is, float32 [classes, values] in."""
    x = source = keras.Input(shape)
    for number, width in enumerate((256, 128)):
        if number:
            x = layers.Concatenate()([x, AcrossClasses()(x)])
        start = keras.initializers.GlorotUniform(seed + number)
        x = layers.Dense(width, "gelu", kernel_initializer=start)(x)
        x = layers.Dropout(0.2, seed=seed + number)(x)
    x = layers.Concatenate()([x, AcrossClasses()(x)])
    x = layers.Dense(64, "gelu", kernel_initializer=keras.initializers.GlorotUniform(seed + 8))(x)
    x = layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(seed + 9))(x)
    return keras.Model(source, layers.Softmax()(layers.Flatten()(x)))


@dataclass(frozen=True)
class WhiteBox:
    """A base model's pool as an observer sees it who owns the model.

    Attributes:
        dataset: samples and labels.
        pool: int32, the samples of updating sets; the first `known` are learned from.
        known: how many; sets of the others are asked about.
        sent: what each sample sends to the last layer, in the order of the pool.
    """

    dataset: Dataset
    pool: Array
    known: int
    sent: Handed

    def gain(self, set_size: int, skew: float | None, learned: int, tested: int) -> Result:
        """Train an observer and ask it.

        Args:
            set_size: samples in a set.
            skew: of the sets' labels, as in `--label_skew`.
            learned: sets to learn from.
            tested: sets, of other samples, to be asked about.

        Returns:
            KL divergence of its answers and of always answering the prior, and the gain.
        """
        plans = (
            ("shadow", self.pool[: self.known], learned),
            ("target", self.pool[self.known :], tested),
        )
        (seen, told), (unseen, truth) = (self._sets(*plan, set_size, skew) for plan in plans)
        deviation = np.maximum(seen.std((0, 1)), 1e-9)
        keras.utils.set_random_seed(0)
        model = observer((seen.shape[1], 2 * seen.shape[2]), seed=0)
        rate = keras.optimizers.schedules.CosineDecay(1e-3, EPOCHS * learned // 128, alpha=0.02)
        model.compile(keras.optimizers.Adam(rate), "kl_divergence", jit_compile=False)
        model.fit(_twice(seen / deviation), told, batch_size=128, epochs=EPOCHS, verbose=0)
        answers = model.predict(_twice(unseen / deviation), batch_size=500, verbose=0)
        kl = float(kl_divergence(truth, answers).mean())
        prior = float(kl_divergence(truth, told.mean(0)[None]).mean())
        figures = {"kl": kl, "prior": prior, "gain": 1 - kl / prior}
        return {"set_size": set_size, "label_skew": skew} | figures

    def _sets(
        self, side: Side, own: Array, count: int, set_size: int, skew: float | None
    ) -> tuple[Array, Array]:
        """Gradients and label distributions of updating sets."""
        labels = self.dataset.labels
        plan = draw(
            seed=0,
            side=side,
            base=0,
            pool=own,
            labels=labels,
            updates=count,
            set_size=set_size,
            skew=skew,
        )
        place = np.zeros(len(labels), np.int64)
        place[self.pool] = np.arange(len(self.pool))
        rng = np.random.default_rng([1, SIDES.index(side), set_size])
        told = label_shares(self.dataset, plan.indices)
        return self.sent.gradients(place[plan.indices], rng), told


def white_box(experiment: Experiment, dataset: Dataset, largest: int) -> WhiteBox:
    """Train the first shadow base and hand its observer what its pool sends.

    Args:
        experiment: how base models are trained, and on what.
        dataset: the one it names.
        largest: samples in the largest set that the observer will be asked about.

    Raises:
        UserError: a pool too small for such a set.
    """
    design, base = Design(experiment, dataset), BaseId("shadow", 0)
    owned = design.splits.for_base(base.side, base.number).pool
    pool = np.random.default_rng([experiment.seed, 9]).permutation(owned)
    known = int(LEARNED * len(pool))
    if len(pool) - known < largest:
        others = f"{len(pool) - known} of {dataset.name}"
        raise UserError(f"a pool with {largest} samples to ask about", others)
    trained = design.training_job(base).run(dataset)
    model = zoo.build(
        experiment.target.target, dataset.sample_shape, dataset.classes, dataset.moments
    )
    model.set_weights(trained.weights)
    keras.utils.set_random_seed(experiment.seed)
    sent = handed(model, dataset.samples[pool], dataset.labels[pool])
    return WhiteBox(dataset, pool, known, sent)


def _twice(gradients: Array) -> Array:
    """Gradients as they are, and with large values drawn in, side by side."""
    return np.concatenate([gradients, np.arcsinh(10 * gradients)], -1)


def _parts(samples: Array) -> list[Array]:
    return np.array_split(samples, max(len(samples) // 500, 1))
