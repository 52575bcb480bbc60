"""Training loop that gathers its own batches: many steps, each from some rows, in one graph.

A step of a label attack takes two milliseconds. Keras' `fit`, a data pipeline and a graph for each
model of an ensemble would add a half to that.
"""

from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.attacks.adam import OneKernelAdam
from ulk_tf.attacks.devices import in_step
from ulk_tf.attacks.fit import Fitted, Schedule, at_once, resumed
from ulk_tf.corpus.pipeline import passes
from ulk_tf.data.splits import Role
from ulk_tf.settings.attack_configs import LabelConfig

# What a model is given, and the truth; made from rows int32 [batch].
Given = tuple[tf.Tensor, tf.Tensor]
Gather = Callable[[tf.Tensor], Given]

# Of any number, since a loop of the graph goes over batches of one shape.
ROWS = tf.TensorSpec((None,), tf.int32)


class TabulatedRates(keras.optimizers.schedules.LearningRateSchedule):
    """Learning rates that are computed beforehand, with the rounding of a graph of one step.

    How a graph of many steps rounds them depends on what TensorFlow's optimizer makes of it.

    Args:
        schedule: what they are taken from.
        steps: steps of the training; the rate after the last one is read, too.
    """

    def __init__(
        self, schedule: keras.optimizers.schedules.LearningRateSchedule, steps: int
    ) -> None:
        # One after the other: vectorised cosines are rounded in another way.
        self._rates = tf.function(
            lambda: tf.map_fn(
                schedule, tf.range(steps + 1, dtype=tf.int64), fn_output_signature=tf.float32
            ),
            autograph=False,
        )()

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Look up the rate of a step, counted from 0."""
        return tf.gather(self._rates, step)

    def get_config(self) -> dict[str, object]:
        """The rates."""
        return {"rates": self._rates.numpy().tolist()}


class RowLoop:
    """Training loop for all models of an ensemble, with Adam and a falling learning rate.

    Args:
        model: architecture of them; what it learns is handed on to each.
        loss: loss of its output against the truth.
        config: epochs, batch, learning rate, weight decay.
        counts: updates of each role; shadow updates are learned from, the others stop a training.
        gather: the same roles -> rows of their updates -> (inputs, truth).
        drawings: how often shadow updates were drawn, see `passes`.

    Attributes:
        steps: batches in an epoch.
    """

    def __init__(
        self,
        model: keras.Model,
        loss: str,
        config: LabelConfig,
        counts: Mapping[Role, int],
        gather: Mapping[Role, Gather],
        drawings: int = 1,
    ) -> None:
        self._model, self._counts, self._gather = model, counts, gather
        self._drawings = drawings
        self._batch = {role: min(config.batch, count) for role, count in counts.items()}
        self.steps = -(-counts["shadow"] // self._batch["shadow"])
        self._in_call = 1 if in_step() else at_once(self.steps)
        steps = config.epochs * self.steps
        falling = keras.optimizers.schedules.CosineDecay(config.learning_rate, steps, alpha=0.02)
        rates = TabulatedRates(falling, steps)
        self._adam = OneKernelAdam(rates, weight_decay=config.weight_decay or None)
        model.compile(self._adam, loss, jit_compile=False)
        self._adam.build(model.trainable_variables)
        self._fresh = [np.asarray(variable) for variable in self._adam.variables]

    def train(self, model: keras.Model, seed: int, schedule: Schedule) -> Fitted:
        """Train a model, from where an earlier run of the same training was stopped.

        Args:
            model: of the loop's architecture.
            seed: seed of the order of the updates.
            schedule: epochs, patience, files.
        """
        _assign(self._model, model)
        for variable, value in zip(self._adam.variables, self._fresh, strict=True):
            variable.assign(value)

        def epochs(done: int, callbacks: list[keras.callbacks.Callback]) -> None:
            self._epochs(done, seed, schedule.epochs, callbacks)

        fitted = resumed(self._model, [self._adam], epochs, schedule)
        _assign(model, self._model)
        return Fitted(model, fitted.curves)

    def _epochs(
        self, done: int, seed: int, epochs: int, callbacks: list[keras.callbacks.Callback]
    ) -> None:
        """Do what `fit` does, and call the callbacks at the same moments."""
        model, count = self._model, self._counts["shadow"]
        together = self._in_call * self._batch["shadow"]
        orders = passes(count, together, seed, drawings=self._drawings)
        rows = iter(orders.skip(done * self.steps // self._in_call).prefetch(1))
        held_out = tf.range(self._counts["validation"])
        told = keras.callbacks.CallbackList(callbacks, model=model)
        model.stop_training = False
        told.on_train_begin()
        for epoch in range(done, epochs):
            told.on_epoch_begin(epoch)
            model.reset_metrics()
            for taken in range(self._in_call, self.steps + 1, self._in_call):
                self._learn(next(rows))
                told.on_train_batch_end(taken - 1)
            logs = _figures(model)
            model.reset_metrics()
            self._judge(held_out)
            told.on_epoch_end(epoch, logs | {f"val_{k}": v for k, v in _figures(model).items()})
            if model.stop_training:
                break
        told.on_train_end()

    @tf.function(autograph=False, input_signature=[ROWS])
    def _learn(self, rows: tf.Tensor) -> None:
        self._each(rows, "shadow", self._model.train_step)

    @tf.function(autograph=False, input_signature=[ROWS])
    def _judge(self, rows: tf.Tensor) -> None:
        self._each(rows, "validation", self._model.test_step)

    def _each(self, rows: tf.Tensor, role: Role, step: Callable[..., object]) -> None:
        """Take a step with each batch of rows."""
        batch, strategy = self._batch[role], self._model.distribute_strategy

        def given(start: tf.Tensor | int) -> Given:
            return self._gather[role](rows[start : start + batch])

        def one(start: tf.Tensor, now: Given) -> tuple[tf.Tensor, Given]:
            # Does not depend on the step: what lies on disk is read meanwhile.
            after = given(start + batch)
            strategy.run(step, args=(now,))
            return start + batch, after

        if role == "shadow" and self._in_call == 1:
            strategy.run(step, args=(given(0),))
        else:
            tf.while_loop(
                lambda start, _: start < tf.size(rows), one, (0, given(0)), parallel_iterations=1
            )


def _assign(model: keras.Model, other: keras.Model) -> None:
    for variable, value in zip(model.variables, other.variables, strict=True):
        variable.assign(value)


def _figures(model: keras.Model) -> dict[str, float]:
    return {name: float(value) for name, value in model.get_metrics_result().items()}
