"""Feature maps: posteriors before and after an update -> the encoder's input.

A feature map is a layer of the attack, scaling constants included: a client sends plain
posteriors.
"""

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.answers.form import EXACT, Form
from ulk_tf.attacks import cut
from ulk_tf.attacks.class_pairs import class_pairs, values_of_a_class
from ulk_tf.attacks.logarithms import centred, clipped, log_difference, logits
from ulk_tf.attacks.steps import (
    by_steps,
    step_pairs,
    tell_less_than_logarithms,
    values_of_steps,
)
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.attack_configs import FeatureMap

# Keeps divisions finite where an update changed no posterior.
SMALLEST_NORM = 1e-12
# Of each probe, for each class: the direction in which it moved and its logit before.
VALUES_OF_A_PROBE = 2
# Probes whose values `class_pairs` takes one by one; its matrices use all of them. With every
# probe of a large probing set the first layer would be many times wider and learn little more.
READ_SINGLY = 100
BY_CLASS = ("by_class", "class_pairs")
WITH_LOG_NORM = ("normalised", *BY_CLASS)


def unscaled(kind: FeatureMap, before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
    """Compute the features before any scaling.

    Args:
        kind: the feature map; those with a log-norm get the features of `centred`, which they
            divide by their norm.
        before: float32 [batch, probes, classes].
        after: the same shape.

    Returns:
        float32 [batch, probes, features of a probe].
    """
    if kind in ("difference", "published"):
        return before - after
    if kind == "log_difference":
        return log_difference(before, after)
    if kind == "pair":
        return tf.concat([logits(before), logits(after)], -1)
    return centred(log_difference(before, after))


def by_class(before: tf.Tensor, difference: tf.Tensor, scale: float) -> tuple[tf.Tensor, tf.Tensor]:
    """Arrange the values of each probe class by class, in the same order for every class.

    Args:
        before: posteriors, float32 [batch, probes, classes].
        difference: centred log-posterior difference, the same shape.
        scale: standard deviation of the centred log-posteriors before an update.

    Returns:
        Values of each class, float32 [batch, classes, VALUES_OF_A_PROBE * probes]: each probe's
        difference over its own norm, and its logit before. Values of all classes, float32 [batch,
        probes]: the logarithm of each probe's norm over the update's.
    """
    probes = before.shape[1]
    norm = tf.norm(difference, axis=(1, 2))[:, None] + SMALLEST_NORM
    own = tf.norm(difference, axis=-1) + SMALLEST_NORM
    values = tf.concat([difference / own[..., None], logits(before) / scale], 1)
    return tf.linalg.matrix_transpose(values), tf.math.log(own / norm * probes**0.5) / 3


def read_singly(kind: FeatureMap, probes: int) -> Array:
    """Choose the probes whose values are taken one by one, evenly over the probing set.

    Args:
        kind: a feature map by class.
        probes: size of the probing set.

    Returns:
        int64, their places in it.
    """
    count = min(probes, READ_SINGLY) if kind == "class_pairs" else probes
    return np.arange(count) * probes // count


@keras.saving.register_keras_serializable("ulk_tf")
class Features(keras.layers.Layer):
    """Feature map of an attack.

    | kind | features |
    |---|---|
    | `difference` | the paper's posterior difference, under one global scale |
    | `published` | the raw posterior difference, as the published code feeds it to its networks |
    | `log_difference`, `centred` | difference of logarithms; the same minus its mean over classes |
    | `pair` | logits before and after |
    | `normalised` | `centred` over its own norm, and the standardised logarithm of the norm |
    | `by_class` | class by class, where each probe moved and was; how far it and all moved |
    | `class_pairs` | `by_class`, and how far the probes of each class moved towards each other |

    The norm of an update spans five orders of magnitude; its direction shows what was learned.
    With features by class, the encoder shares its weights over the classes. `class_pairs` hardly
    depends on the base model. Of answers that are rounded so coarsely that updates leave many as
    they were, features by class take by how many steps posteriors moved (see `steps`) instead of
    each probe's direction and norm; of answers cut to the top few, how the classes moved that were
    answered both times, and the rest (see `cut`).

    Args:
        kind: name of the feature map.
        scale: standard deviation of the features over the shadow corpus; for those by class of
            the centred log-posteriors before an update.
        log_norm: mean and standard deviation of the log-norm over the shadow corpus.
        step: resolution of the answers; logarithms are of posteriors clipped to it from below (see
            `clipped`). 0 where they are exact.
        rounding: rounding step whose counts are taken; 0 where logarithms tell more.
        top: True if answers are cut to the top few classes; for features by class.
    """

    def __init__(
        self,
        kind: FeatureMap,
        scale: float = 1.0,
        log_norm: tuple[float, float] = (0.0, 1.0),
        step: float = 0.0,
        rounding: float = 0.0,
        top: bool = False,
        **kwargs: object,
    ) -> None:
        # Always float32: bfloat16 would round differences away.
        super().__init__(**({"dtype": "float32"} | kwargs))
        self.kind = kind
        self.scale = float(scale)
        self.log_norm = (float(log_norm[0]), float(log_norm[1]))
        self.step, self.rounding = float(step), float(rounding)
        self.top = bool(top) and kind in BY_CLASS

    def get_config(self) -> dict[str, object]:
        """Arguments of `from_config`, scaling constants included."""
        own = {"kind": self.kind, "scale": self.scale, "log_norm": self.log_norm}
        coarse = {"step": self.step, "rounding": self.rounding, "top": self.top}
        return super().get_config() | own | {name: value for name, value in coarse.items() if value}

    def call(self, before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
        """Posteriors [batch, probes, classes] twice -> float32 [batch, features].

        By class, they are first the values of each class, one class after the other, then those
        of all classes; `widths` says how many.
        """
        answered = before, after
        before, values = self.moved(before, after)
        probes, width = values.shape[1:]
        flat = tf.reshape(values, (-1, probes * width))
        if self.kind not in WITH_LOG_NORM:
            return flat / self.scale
        norm = tf.norm(flat, axis=-1, keepdims=True) + SMALLEST_NORM
        mean, deviation = self.log_norm
        log_norm = (tf.math.log(norm) - mean) / deviation
        if self.kind == "normalised":
            return tf.concat([flat * (probes * width) ** 0.5 / norm, log_norm], -1)
        singly = read_singly(self.kind, probes)
        single, moved = (tf.gather(part, singly, axis=1) for part in (before, values))
        of_all = [log_norm]
        own, shared = by_class(single, moved, self.scale)
        pairs = [class_pairs(before, logits(before), values)] if self.kind == "class_pairs" else []
        if self.rounding:
            steps = (answered[0] - answered[1]) / self.rounding
            own, shared = by_steps(logits(single) / self.scale, tf.gather(steps, singly, axis=1))
            pairs += [step_pairs(answered[0], steps)] if pairs else []
        if self.top:
            means, rests = cut.rest(*answered, singly, self.step)
            pairs, of_all = [*pairs, means], [rests, log_norm]
        own = tf.concat([own, *pairs], -1)
        of_a_class, _ = self.widths(probes, width)
        return tf.concat([tf.reshape(own, (-1, width * of_a_class)), shared, *of_all], -1)

    def moved(self, before: tf.Tensor, after: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return posteriors before an update, clipped, and the unscaled features.

        Args:
            before: float32 [batch, probes, classes].
            after: the same shape.
        """
        if self.top:
            return cut.filled(before, self.step)[1], cut.movement(before, after, self.step)
        before, after = (clipped(part, self.step) for part in (before, after))
        return before, unscaled(self.kind, before, after)

    def widths(self, probes: int, classes: int) -> tuple[int, int]:
        """Count the features of each class, and those of all classes; for features by class."""
        single = len(read_singly(self.kind, probes))
        pairs = values_of_a_class(classes) + (values_of_steps(classes) if self.rounding else 0)
        own = single * VALUES_OF_A_PROBE + pairs * (self.kind == "class_pairs")
        if self.top:
            return own + cut.VALUES_OF_A_CLASS, single * (1 + cut.VALUES_OF_A_PROBE) + 2
        return own, single + 1

    def compute_output_shape(
        self, before_shape: tuple[int, ...], after_shape: tuple[int, ...]
    ) -> tuple[int | None, ...]:
        """Shape of `call`'s answer."""
        del after_shape
        batch, probes, classes = before_shape
        if self.kind in BY_CLASS:
            of_a_class, shared = self.widths(probes, classes)
            return (batch, classes * of_a_class + shared)
        width = probes * classes * (2 if self.kind == "pair" else 1)
        return (batch, width + (self.kind == "normalised"))


def fit_features(kind: FeatureMap, before: Array, after: Array, form: Form = EXACT) -> Features:
    """Fit the scaling constants of a feature map to shadow updates.

    Args:
        kind: name of the feature map.
        before: float32 [updates, probes, classes], of shadow updates only.
        after: the same shape.
        form: form of the answers.

    Raises:
        UserError: no update changed an answer, so that there is nothing to learn from.
    """
    if np.array_equal(before, after):
        raise UserError(
            "shadow updates that change the answers to the probing set",
            f"{len(after):,} after which every answer ({form.words}) is the same",
            "Weaken --defence, ask more probes (--n_probes), or let updates change more.",
        )
    # Posteriors of cut classes are filled in, and their movements tell nothing of the answers.
    fine = form.kind == "rounded" and tell_less_than_logarithms(before, after, form.step)
    rounding = 0.0 if fine else form.step
    layer = Features(kind, step=form.floor, rounding=rounding, top=form.cut, name="features")
    clipped_before, moved = layer.moved(tf.constant(before), tf.constant(after))
    values = np.asarray(moved)
    log_norms = np.log(np.linalg.norm(values.reshape(len(values), -1), axis=-1) + SMALLEST_NORM)
    if kind in BY_CLASS:
        values = np.asarray(logits(clipped_before))
    layer.scale = 1.0 if kind == "published" else max(float(values.std()), 1e-12)
    layer.log_norm = float(log_norms.mean()), max(float(log_norms.std()), 1e-6)
    return layer
