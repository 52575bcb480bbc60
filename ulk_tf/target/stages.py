"""What the chain of a classifier is made of: layers as functions of tensors and weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import tensorflow as tf

Tensors = list[tf.Tensor]
# The seed, int32 [2], of the dropout layer at a position; None when dropout is off.
Draw = Callable[[int], tf.Tensor] | None


class Stage(Protocol):
    """One step of a chain."""

    def __call__(self, x: tf.Tensor, weights: Tensors, draw: Draw) -> tf.Tensor:
        """The answer to a batch `x` of a version with these weights."""


@dataclass(frozen=True)
class Convolution:
    """A convolution with stride 1, and the 2x2 maximum over its answer where one follows.

    Attributes:
        kernel: its number among the trainable variables.
        bias: its number; None where there is none.
        size: height and width of the kernel.
        same: whether borders are padded with zeros.
        pooled: whether a 2x2 max-pooling follows, with nothing between that changes its winner.
    """

    kernel: int
    bias: int | None
    size: tuple[int, int]
    same: bool
    pooled: bool

    @property
    def four(self) -> bool:
        """Whether to compute the four positions of a pooling window as one convolution.

        A kernel one wider with stride 2 and four times the filters: it gathers a third of the
        patches and pools by a plain maximum. The zeros around each of the four kernels cost less
        than that only for kernels of five and more.
        """
        return self.pooled and min(self.size) >= 5

    def padded(self, x: tf.Tensor) -> tf.Tensor:
        """`x` with the borders that `same` asks for, as Keras lays them."""
        edges = [((side - 1) // 2, side // 2) for side in self.size]
        return tf.pad(x, [(0, 0), *edges, (0, 0)]) if self.same else x

    def __call__(self, x: tf.Tensor, weights: Tensors, draw: Draw) -> tf.Tensor:
        """Samples [n, height, width, channels] -> [n, height, width, filters]."""
        kernel = weights[self.kernel]
        if self.four:
            y = tf.nn.conv2d(self.padded(x), shifted(kernel), 2, "VALID")
            return self.biased(maximum_of_four(y), weights)
        y = tf.nn.conv2d(x, kernel, 1, "SAME" if self.same else "VALID")
        return self.biased(tf.nn.max_pool2d(y, 2, 2, "VALID") if self.pooled else y, weights)

    def biased(self, x: tf.Tensor, weights: Tensors) -> tf.Tensor:
        """`x` with the bias; the largest of a window stays the largest."""
        return x if self.bias is None else x + weights[self.bias]


@dataclass(frozen=True)
class Dense:
    """A dense layer: kernel and bias by their numbers among the trainable variables."""

    kernel: int
    bias: int | None

    def __call__(self, x: tf.Tensor, weights: Tensors, draw: Draw) -> tf.Tensor:
        """Samples [n, features] -> [n, units]."""
        return self.biased(tf.matmul(x, weights[self.kernel]), weights)

    def biased(self, x: tf.Tensor, weights: Tensors) -> tf.Tensor:
        """`x` with the bias."""
        return x if self.bias is None else x + weights[self.bias]


@dataclass(frozen=True)
class Dropout:
    """Dropout, with the masks that Keras would draw.

    Attributes:
        rate: share of what is dropped.
        position: of its seed generator among the model's non-trainable variables.
        spatial: whether whole channels are dropped.
    """

    rate: float
    position: int
    spatial: bool

    def __call__(self, x: tf.Tensor, weights: Tensors, draw: Draw) -> tf.Tensor:
        """Samples [n, ...] -> the same shape."""
        if draw is None or self.rate == 0:
            return x
        shape = [x.shape[0], 1, 1, x.shape[-1]] if self.spatial else x.shape
        seed = draw(self.position)
        return tf.nn.experimental.stateless_dropout(x, self.rate, seed, noise_shape=shape)


@dataclass(frozen=True)
class Elementwise:
    """An activation without weights."""

    function: Callable[[tf.Tensor], tf.Tensor]

    def __call__(self, x: tf.Tensor, weights: Tensors, draw: Draw) -> tf.Tensor:
        """Samples [n, ...] -> the same shape."""
        return self.function(x)


@dataclass(frozen=True)
class Pooling:
    """2x2 max-pooling behind something else than a convolution."""

    def __call__(self, x: tf.Tensor, weights: Tensors, draw: Draw) -> tf.Tensor:
        """Samples [n, height, width, channels] -> half the height and width."""
        return tf.nn.max_pool2d(x, 2, 2, "VALID")


@dataclass(frozen=True)
class Flattening:
    """Samples as rows."""

    def __call__(self, x: tf.Tensor, weights: Tensors, draw: Draw) -> tf.Tensor:
        """Samples [n, ...] -> [n, features]."""
        return tf.reshape(x, [x.shape[0], int(np.prod(x.shape[1:]))])


def shifted(kernel: tf.Tensor) -> tf.Tensor:
    """A kernel [h, w, c, f] at the four positions of a 2x2 window: [h + 1, w + 1, c, 4 f]."""
    places = [
        tf.pad(kernel, [(down, 1 - down), (right, 1 - right), (0, 0), (0, 0)])
        for down in (0, 1)
        for right in (0, 1)
    ]
    return tf.concat(places, -1)


def maximum_of_four(x: tf.Tensor) -> tf.Tensor:
    """The largest of four, [..., 4 f] -> [..., f]; the first of equals, as in pooling."""
    return _maximum(*tf.split(x, 4, axis=-1))


@tf.custom_gradient
def _maximum(
    a: tf.Tensor, b: tf.Tensor, c: tf.Tensor, d: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], Tensors]]:
    largest = tf.maximum(tf.maximum(a, b), tf.maximum(c, d))

    def gradient(upstream: tf.Tensor) -> Tensors:
        parts, left = [], upstream
        for candidate in (a, b, c):
            won = tf.where(tf.equal(candidate, largest), left, tf.zeros_like(left))
            left = left - won
            parts.append(won)
        return [*parts, left]

    return largest, gradient
