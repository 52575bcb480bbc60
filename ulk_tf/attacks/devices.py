"""Devices and precision of a training: one device, or all GPUs in step."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import keras
import tensorflow as tf

from ulk_tf.machine import processor_has

# Matrix units for bfloat16: with them BM-GAN trains in it two to four times as fast, without them
# often more slowly.
MATRIX_UNITS = "amx_bf16"


def strategy(sets_per_step: int, devices: Sequence[str] | None = None) -> tf.distribute.Strategy:
    """Choose how a training step is spread over devices.

    Args:
        sets_per_step: updating sets in a step; every device takes as many of them, so the number
            of devices that are used divides it.
        devices: names of devices; this machine's GPUs when None.

    Returns:
        A mirrored strategy where several devices share a step, the current one elsewhere.
    """
    if devices is None:
        devices = [device.name for device in tf.config.list_logical_devices("GPU")]
    count = max((n for n in range(1, len(devices) + 1) if sets_per_step % n == 0), default=1)
    if count == 1:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy(list(devices[:count]))


def in_step() -> bool:
    """Return whether several devices share every step in the current scope.

    Several of these steps cannot be taken in one call of a graph, by Keras nor by a loop of ours.
    """
    return bool(tf.distribute.get_strategy().num_replicas_in_sync > 1)


def policy_of(precision: str) -> str:
    """The dtype policy of a training: `auto` goes by what the processor has.

    Args:
        precision: auto, float32 or mixed_bfloat16.
    """
    if precision != "auto":
        return precision
    return "mixed_bfloat16" if processor_has(MATRIX_UNITS) else "float32"


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Set the precision of the layers that are made meanwhile.

    Args:
        policy: see `policy_of`.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy_of(policy))
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def answer_in_float32(*models: keras.Model) -> None:
    """Let trained models compute in float32 from here on, as any processor does well.

    Args:
        *models: built in any precision; their weights are float32 in all.
    """
    plain = keras.DTypePolicy("float32")
    for model in models:
        for layer in model._flatten_layers():
            layer.dtype_policy = plain


@contextmanager
def plain_keras() -> Iterator[None]:
    """Restore Keras' own defaults meanwhile: float32, channels last.

    A user's module may set others for its classifiers; attacks are made without them.
    """
    config = keras.config
    before = config.floatx(), config.image_data_format()
    config.set_floatx("float32")
    config.set_image_data_format("channels_last")
    try:
        with precision("float32"):
            yield
    finally:
        config.set_floatx(before[0])
        config.set_image_data_format(before[1])
