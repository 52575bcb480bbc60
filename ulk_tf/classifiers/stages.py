"""Stages of a chain: the layers of a classifier as functions of tensors and weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import tensorflow as tf

Tensors = list[tf.Tensor]
# Position of a dropout layer's seed generator -> seeds of its masks, int32 [versions, 2].
DropoutSeeds = Callable[[int], tf.Tensor]


class Stage(Protocol):
    """Interface of a stage."""

    def forward(self, x: tf.Tensor, weights: Tensors) -> tf.Tensor:
        """Apply the stage with one version's weights to samples [n, ...], without dropout."""

    def train_forward(
        self, x: tf.Tensor, weights: Tensors, deltas: Tensors, dropout_seeds: DropoutSeeds
    ) -> tf.Tensor:
        """Apply the stage in training mode, for versions that still share their weights.

        Args:
            x: samples of each version, [versions, n, ...].
            weights: the shared weights.
            deltas: zeros [versions, *shape], one array per weight. No product reads them; they
                exist so that the tape returns one gradient per version.
            dropout_seeds: position of a dropout layer's generator -> its seeds.

        Returns:
            [versions, n, ...].
        """


@dataclass(frozen=True)
class Convolution:
    """Convolution with stride 1, fused with the 2x2 max-pooling behind it, if there is one.

    Attributes:
        kernel: position of the kernel among the trainable variables.
        bias: position of the bias; None without a bias.
        size: height and width of the kernel.
        same: True if borders are padded with zeros.
        pooled: True if a 2x2 max-pooling follows; stages between keep the order of values.
    """

    kernel: int
    bias: int | None
    size: tuple[int, int]
    same: bool
    pooled: bool

    def forward(self, x: tf.Tensor, weights: Tensors) -> tf.Tensor:
        """Samples [n, height, width, channels] -> [n, height, width, filters]."""
        y = self._pooled(tf.nn.conv2d(x, weights[self.kernel], 1, self._padding))
        return y if self.bias is None else y + weights[self.bias]

    def train_forward(
        self, x: tf.Tensor, weights: Tensors, deltas: Tensors, dropout_seeds: DropoutSeeds
    ) -> tf.Tensor:
        """Apply `forward` to each version, in training mode."""
        y = _convolved(merged(x), weights[self.kernel], deltas[self.kernel], self._padding)
        y = split(self._pooled(y), x.shape[0])
        if self.bias is None:
            return y
        bias = weights[self.bias] + deltas[self.bias]
        return y + bias[:, None, None, None]

    @property
    def _padding(self) -> str:
        return "SAME" if self.same else "VALID"

    def _pooled(self, y: tf.Tensor) -> tf.Tensor:
        # The bias is added after pooling: it does not change which value is the largest.
        return tf.nn.max_pool2d(y, 2, 2, "VALID") if self.pooled else y


@dataclass(frozen=True)
class Dense:
    """Dense layer.

    Attributes:
        kernel: position of the kernel among the trainable variables.
        bias: position of the bias; None without a bias.
    """

    kernel: int
    bias: int | None

    def forward(self, x: tf.Tensor, weights: Tensors) -> tf.Tensor:
        """Samples [n, features] -> [n, units]; also batched, with weights [versions, ...]."""
        y = tf.matmul(x, weights[self.kernel])
        return y if self.bias is None else y + weights[self.bias][..., None, :]

    def train_forward(
        self, x: tf.Tensor, weights: Tensors, deltas: Tensors, dropout_seeds: DropoutSeeds
    ) -> tf.Tensor:
        """Apply `forward` to each version, in training mode."""
        y = _multiplied(x, weights[self.kernel], deltas[self.kernel])
        if self.bias is None:
            return y
        return y + (weights[self.bias] + deltas[self.bias])[:, None]


@dataclass(frozen=True)
class Dropout:
    """Dropout, with the masks that Keras would draw.

    Attributes:
        rate: share of values that is dropped.
        position: position of its seed generator among the model's non-trainable variables.
        spatial: True if whole channels are dropped.
    """

    rate: float
    position: int
    spatial: bool

    def forward(self, x: tf.Tensor, weights: Tensors) -> tf.Tensor:
        """Return the samples unchanged."""
        return x

    def train_forward(
        self, x: tf.Tensor, weights: Tensors, deltas: Tensors, dropout_seeds: DropoutSeeds
    ) -> tf.Tensor:
        """Drop values of samples [versions, n, ...]."""
        shape = [x.shape[1], 1, 1, x.shape[-1]] if self.spatial else x.shape[1:]
        seeds = tf.unstack(dropout_seeds(self.position))
        uniform = tf.stack([tf.random.stateless_uniform(shape, seed) for seed in seeds])
        return tf.where(uniform >= self.rate, x / (1 - self.rate), 0.0)


@dataclass(frozen=True)
class Elementwise:
    """Activation without weights, elementwise or over the last axis.

    Attributes:
        function: the activation.
    """

    function: Callable[[tf.Tensor], tf.Tensor]

    def forward(self, x: tf.Tensor, weights: Tensors) -> tf.Tensor:
        """Samples [n, ...] -> the same shape."""
        return self.function(x)

    def train_forward(
        self, x: tf.Tensor, weights: Tensors, deltas: Tensors, dropout_seeds: DropoutSeeds
    ) -> tf.Tensor:
        """Apply `forward` to each version, in training mode."""
        return self.function(x)


@dataclass(frozen=True)
class Pooling:
    """2x2 max-pooling that is not fused with a convolution."""

    def forward(self, x: tf.Tensor, weights: Tensors) -> tf.Tensor:
        """Samples [n, height, width, channels] -> half the height and width."""
        return tf.nn.max_pool2d(x, 2, 2, "VALID")

    def train_forward(
        self, x: tf.Tensor, weights: Tensors, deltas: Tensors, dropout_seeds: DropoutSeeds
    ) -> tf.Tensor:
        """Apply `forward` to each version, in training mode."""
        return split(self.forward(merged(x), weights), x.shape[0])


@dataclass(frozen=True)
class Flattening:
    """Flattening of samples into rows."""

    def forward(self, x: tf.Tensor, weights: Tensors) -> tf.Tensor:
        """Samples [n, ...] -> [n, features]."""
        return tf.reshape(x, [x.shape[0], int(np.prod(x.shape[1:]))])

    def train_forward(
        self, x: tf.Tensor, weights: Tensors, deltas: Tensors, dropout_seeds: DropoutSeeds
    ) -> tf.Tensor:
        """Apply `forward` to each version, in training mode."""
        return tf.reshape(x, [*x.shape[:2], int(np.prod(x.shape[2:]))])


def merged(x: tf.Tensor) -> tf.Tensor:
    """Reshape [versions, n, ...] to [versions * n, ...]."""
    return tf.reshape(x, [x.shape[0] * x.shape[1], *x.shape[2:]])


def split(x: tf.Tensor, versions: int) -> tf.Tensor:
    """Reshape [versions * n, ...] to [versions, n, ...]."""
    return tf.reshape(x, [versions, x.shape[0] // versions, *x.shape[1:]])


def _convolved(x: tf.Tensor, kernel: tf.Tensor, delta: tf.Tensor, padding: str) -> tf.Tensor:
    """Convolve the samples of all versions at once; the gradient is separate for each version."""

    @tf.custom_gradient
    def convolved(
        x: tf.Tensor, delta: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
        versions = delta.shape[0]
        how = {"strides": [1, 1, 1, 1], "padding": padding}

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            pairs = zip(
                tf.unstack(split(x, versions)), tf.unstack(split(upstream, versions)), strict=True
            )
            kernels = [
                tf.raw_ops.Conv2DBackpropFilter(
                    input=samples, filter_sizes=kernel.shape, out_backprop=above, **how
                )
                for samples, above in pairs
            ]
            below = tf.raw_ops.Conv2DBackpropInput(
                input_sizes=x.shape, filter=kernel, out_backprop=upstream, **how
            )
            return below, tf.stack(kernels)

        return tf.nn.conv2d(x, kernel, 1, padding), gradient

    return convolved(x, delta)


def _multiplied(x: tf.Tensor, kernel: tf.Tensor, delta: tf.Tensor) -> tf.Tensor:
    """Multiply the samples of all versions at once; the gradient is separate for each version."""

    @tf.custom_gradient
    def multiplied(
        x: tf.Tensor, delta: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            below = split(tf.matmul(merged(upstream), kernel, transpose_b=True), delta.shape[0])
            return below, tf.matmul(x, upstream, transpose_a=True)

        return split(tf.matmul(merged(x), kernel), delta.shape[0]), gradient

    return multiplied(x, delta)
