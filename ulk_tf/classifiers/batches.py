"""Batches of an update: the samples that each step of the optimizer takes, in order.

An update goes through one updating set, or through several one after the other
(`updates_between`), each with a new optimizer.
"""

from dataclasses import dataclass

import tensorflow as tf

from ulk_tf.classifiers.seeds import epoch_order
from ulk_tf.settings.update_config import UpdateConfig


@dataclass(frozen=True)
class Batch:
    """Batch of one step.

    Attributes:
        part: number of the updating set among those that follow each other, from 0.
        epoch: number of the epoch over this updating set, from 0.
        start: position of the first sample in the order of the epoch.
        stop: position after the last sample.
        number: number of the step over this updating set, from 1.
    """

    part: int
    epoch: int
    start: int
    stop: int
    number: int

    @property
    def renews(self) -> bool:
        """True if a new optimizer takes the step, since a further updating set begins."""
        return self.number == 1


def batches(config: UpdateConfig, size: int) -> list[Batch]:
    """List the batches of an update in order.

    Args:
        config: settings of the update.
        size: samples in one updating set, old ones included.
    """
    starts = range(0, size, config.update_batch)
    return [
        Batch(part, epoch, start, min(start + config.update_batch, size), number)
        for part in range(config.updates_between)
        for number, (epoch, start) in enumerate(
            ((epoch, start) for epoch in range(config.update_epochs) for start in starts), 1
        )
    ]


def rows_of(batch: Batch, config: UpdateConfig, size: int, seed: tf.Tensor) -> tf.Tensor:
    """Compute the positions of a batch among all samples of an update, int32 [n].

    Args:
        batch: the batch.
        config: settings of the update.
        size: samples in one updating set, old ones included.
        seed: seed of the update, int32 [2].
    """
    shifted = tf.stack([seed[0], seed[1] + batch.part * config.update_epochs])
    order = epoch_order(shifted, batch.epoch, size)
    return order[batch.start : batch.stop] + batch.part * size


def direction(config: UpdateConfig) -> float:
    """Return the factor of the loss that an update minimises: -1 for gradient ascent, else 1."""
    return -1.0 if config.update_method == "unlearning_by_ascent" else 1.0
