"""The step of `keras.Model.fit` in a graph of its own, on the model's own variables.

Whatever Keras does in a step is done here: losses that layers add, constraints, clipping, weight
decay, moving averages, schedules, scaled losses of half precision. What `train_step` only reports
is left out.
"""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.classifiers import keras_state
from ulk_tf.classifiers.following import of_classes
from ulk_tf.classifiers.losses import labels_for, layer_losses, loss_name, takes_one_hot
from ulk_tf.classifiers.optimizers import Step
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.reasons import reason


class KerasStep:
    """Step of `fit` of one model.

    Args:
        model: a built classifier; its variables are what a step changes.
        rule: the optimizer where the model does not bring its own.
        own: whether the model's own optimizer and loss are used; see `following.is_own`.
        like: a sample or more, [n, ...], of the shape and type of all samples.
        direction: factor of the loss that a step minimises; -1 for gradient ascent.

    Attributes:
        optimizer: the optimizer, with variables.
        classes: number of classes.

    Raises:
        UserError: the model's loss does not take the labels of a data set, or its optimizer
            cannot be made anew.
    """

    def __init__(
        self, model: keras.Model, rule: Step, own: bool, like: Array, direction: float = 1.0
    ) -> None:
        self._model = model
        self._direction = direction
        self._own = own
        # What `compile` would compute losses in, which half-precision answers are cast to.
        self._loss_type = model.variable_dtype
        # Losses by the rank of the labels: 1 for classes, 2 for posteriors.
        self._cross_entropy = {
            1: keras.losses.SparseCategoricalCrossentropy(dtype=self._loss_type),
            2: keras.losses.CategoricalCrossentropy(dtype=self._loss_type),
        }
        with keras_state.as_made(model):
            self.optimizer = model.optimizer if own else _of_flags(model, rule)
            self._fresh = _fresh_state(self.optimizer, model.trainable_variables)
            first = tf.cast(tf.constant(like[:1]), tf.float32)
            answers = model(first, training=False)
            self.classes = int(of_classes(answers).shape[-1])
            # A loss on one unit takes 0 and 1.
            self._one_hot = own and answers.shape[-1] > 1 and takes_one_hot(model)
            self._refuse_loss(like.shape[1:])

    def start(self) -> None:
        """Set the optimizer to where it has not taken a step."""
        for variable, value in zip(self.optimizer.variables, self._fresh, strict=True):
            variable.assign(value)

    # Not inlined: the optimizer's passes over one step, not over all of them, cost half the time.
    @tf.function(autograph=False, experimental_attributes={"_noinline": True})
    def take(self, samples: tf.Tensor, labels: tf.Tensor) -> None:
        """Take a step, the body of Keras' `train_step`.

        Args:
            samples: samples of one batch [n, ...], as stored.
            labels: int32 [n]; or posteriors float32 [n, classes], where the model does not bring
                its own loss.
        """
        weights = self._model.trainable_variables
        with tf.GradientTape() as tape:
            loss = self._loss(samples, labels) * self._direction
            loss = self.optimizer.scale_loss(loss)
        if weights:
            gradients = tape.gradient(loss, weights)
            self.optimizer.apply_gradients(zip(gradients, weights, strict=True))

    def finish(self) -> None:
        """Do what `fit` does when it ends: weights become their moving average, if there is one."""
        self.optimizer.finalize_variable_values(self._model.trainable_variables)

    def _loss(self, samples: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        answers = self._model(tf.cast(samples, tf.float32), training=True)
        labels = labels_for(labels, self._one_hot, self.classes)
        if self._own:
            return self._model.compute_loss(samples, labels, answers, None, training=True)
        added = layer_losses(self._model, self._loss_type)
        cross_entropy = self._cross_entropy[labels.shape.rank]
        return tf.add_n([cross_entropy(labels, of_classes(answers)), *added])

    def _refuse_loss(self, shape: Sequence[int]) -> None:
        # More samples than classes: a function that wants one-hot labels cannot take these.
        count = self.classes + 1
        samples = tf.TensorSpec((count, *shape), tf.float32)
        labels = tf.TensorSpec((count,), tf.int32)
        try:
            tf.function(self._loss, autograph=False).get_concrete_function(samples, labels)
        except Exception as error:  # a user's loss raises what it likes
            taken = "one-hot labels" if self._one_hot else "integer labels"
            raise UserError(
                f"a compiled target whose loss takes {taken}",
                f"{loss_name(self._model)} ({reason(error)})",
                "Compile it with a loss of Keras such as sparse_categorical_crossentropy.",
            ) from error


def _of_flags(model: keras.Model, rule: Step) -> keras.Optimizer:
    """The flags' optimizer, as `compile` would take it."""
    rate = float(rule.learning_rate)
    optimizers = {
        "sgd": lambda: keras.optimizers.SGD(rate, rule.momentum),
        "adam": lambda: keras.optimizers.Adam(rate),
    }
    optimizer = optimizers[rule.kind]()
    scaled = model.dtype_policy.name == "mixed_float16"
    return keras.optimizers.LossScaleOptimizer(optimizer) if scaled else optimizer


def _fresh_state(optimizer: keras.Optimizer, weights: list[keras.Variable]) -> list[Array]:
    """The values of an optimizer's variables before its first step."""
    fresh = optimizer
    if optimizer.built:
        # It may have taken steps; one made anew has not.
        try:
            fresh = type(optimizer).from_config(optimizer.get_config())
        except Exception as error:  # a user's optimizer raises what it likes
            raise UserError(
                "a compiled target whose optimizer can be made anew from its get_config",
                f"{type(optimizer).__name__} ({reason(error, named=False)})",
                "Mark its class with @keras.saving.register_keras_serializable().",
            ) from error
    if not fresh.built:
        fresh.build(weights)
    if len(fresh.variables) != len(optimizer.variables):
        raise UserError(
            "a target that is compiled after its layers were frozen or thawed",
            f"an {type(optimizer).__name__} for other weights",
            "Call compile last.",
        )
    return [np.asarray(variable) for variable in fresh.variables]
