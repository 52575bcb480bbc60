"""Follows a training of a model: its optimizer, its loss, and what else `fit` would do."""

from typing import Any

import keras
import tensorflow as tf

from ulk_tf.classifiers import keras_state, losses
from ulk_tf.classifiers.optimizers import Step
from ulk_tf.classifiers.watching import watched_call
from ulk_tf.settings.config import TrainingConfig
from ulk_tf.settings.update_config import Optimizer, UpdateConfig

# Optimizers whose rule `Step` has.
_PLAIN: dict[type, Optimizer] = {keras.optimizers.SGD: "sgd", keras.optimizers.Adam: "adam"}


def is_own(model: keras.Model, compiled: bool = True) -> bool:
    """Tell whether a training uses the optimizer and the loss that the model was compiled with.

    Args:
        model: the classifier.
        compiled: whether a compiled model's own shall be used at all.
    """
    return bool(compiled and model.compiled and model.optimizer is not None)


def flags_rule(config: TrainingConfig | UpdateConfig) -> Step:
    """Return the rule that flags give, of a base training or of an update.

    Args:
        config: settings of either.
    """
    if isinstance(config, TrainingConfig):
        return Step(config.base_optimizer, config.base_learning_rate, config.base_momentum)
    return Step(config.update_optimizer, config.update_learning_rate, config.update_momentum)


def step_of(model: keras.Model, config: UpdateConfig, compiled: bool = True) -> Step:
    """The plain rule of an update whose optimizer `has_plain_rule` is true of.

    Args:
        model: the classifier.
        config: the rule where the model does not bring its own.
        compiled: whether a compiled model's own optimizer is used.
    """
    if not is_own(model, compiled):
        return flags_rule(config)
    settings = model.optimizer.get_config()
    kind = _PLAIN[type(model.optimizer)]
    return Step(kind, settings["learning_rate"], settings.get("momentum", 0.0))


def has_plain_rule(model: keras.Model, compiled: bool = True) -> bool:
    """Tell whether the update's rule is SGD with momentum or Adam, over cross-entropy.

    Args:
        model: the classifier.
        compiled: whether a compiled model's own optimizer is used.
    """
    if getattr(model, "output_shape", None) == (None, 1):
        return False  # one unit: only Keras' own step reads it as two classes
    if not is_own(model, compiled):
        return True
    kind = type(model.optimizer)
    if kind not in _PLAIN:
        return False
    settings = model.optimizer.get_config()
    known = {name: settings[name] for name in ("learning_rate", "momentum") if name in settings}
    if not isinstance(known["learning_rate"], float):
        return False  # a schedule
    plain = kind(**known, name=settings["name"]).get_config()
    return plain == settings and losses.is_cross_entropy(model)


def is_plain(model: keras.Model, compiled: bool = True) -> bool:
    """Tell whether an update is only gradients of cross-entropy and a plain rule, in float32.

    Args:
        model: the classifier.
        compiled: whether a compiled model's own optimizer and loss are used.
    """
    return (
        has_plain_rule(model, compiled)
        and keras_state.of(model) is None
        and not any(variable.constraint for variable in model.trainable_variables)
        and all(_is_single(layer) for layer in _every_layer(model))
        and _only_answers(model)
    )


def of_classes(answers: tf.Tensor) -> tf.Tensor:
    """Answers with a column for each class; one sigmoid unit tells the second of two classes."""
    return tf.concat([1 - answers, answers], -1) if answers.shape[-1] == 1 else answers


def posteriors(answers: tf.Tensor) -> tf.Tensor:
    """Answers of whatever precision as float32 rows that sum to 1; float32 ones as they are."""
    answers = of_classes(answers)
    if answers.dtype == tf.float32:
        return answers
    answers = tf.cast(answers, tf.float32)
    return answers / tf.reduce_sum(answers, -1, keepdims=True)


def update_sentence(model: keras.Model, config: UpdateConfig, compiled: bool = True) -> str:
    """Say which optimizer and which loss an update uses, and for how long.

    Args:
        model: the classifier.
        config: settings of an update where the model does not bring its own.
        compiled: whether a compiled model's own optimizer and loss are used.
    """
    told = f"An update uses {_used(model, flags_rule(config), compiled)}"
    if config.update_epochs > 1:
        told = f"{told.removesuffix('.')}, for {config.update_epochs} epochs."
    privacy = config.privacy
    return f"{told} {privacy.sentence}" if privacy else told


def training_sentence(model: keras.Model, config: TrainingConfig) -> str:
    """A sentence that says which optimizer and which loss base training uses.

    Args:
        model: the classifier.
        config: settings of the base training.
    """
    return f"Base training uses {_used(model, flags_rule(config), config.base_compiled)}"


def _used(model: keras.Model, rule: Step, compiled: bool) -> str:
    if is_own(model, compiled):
        named = {"learning_rate", "momentum", "weight_decay", "clipnorm", "clipvalue"}
        named |= {"global_clipnorm", "nesterov", "use_ema", "gradient_accumulation_steps"}
        optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
        settings = optimizer.get_config()
        shown = [_shown(n, v) for n, v in settings.items() if n in named and v not in (None, False)]
        own = f"{type(optimizer).__name__} ({', '.join(shown)})"
        loss = losses.loss_name(model)
        return f"the optimizer and the loss of the compiled model: {own}, {loss}."
    rate = f"learning_rate {rule.learning_rate:g}"
    rules = {"sgd": f"SGD ({rate}, momentum {rule.momentum:g})", "adam": f"Adam ({rate})"}
    return f"the flags' optimizer, {rules[rule.kind]}, and sparse_categorical_crossentropy."


def _shown(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"{name} {value.get('class_name')}"
    return f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"


def _every_layer(model: keras.Model) -> list[keras.Layer]:
    return list(model._flatten_layers())


def _is_single(layer: keras.Layer) -> bool:
    return layer.dtype_policy.name == "float32"


def _only_answers(model: keras.Model) -> bool:
    """Tell whether a call in training adds no loss and moves no weight that gradients move.

    False where that cannot be found out.
    """
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or None in shape[1:]:
        return False
    seen = watched_call(model, tf.zeros((2, *shape[1:])))
    return not (seen.losses or seen.moved)
