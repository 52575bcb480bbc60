"""The first layer with weights, which every version applies to the same, constant samples.

Over the probing set, the first layer of many versions is one matrix product: patches, cut once,
times the kernels of all versions side by side.
"""

from functools import reduce

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.files import Array
from ulk_tf.target.chain import Chain
from ulk_tf.target.stages import Convolution, Dense, Tensors, maximum_of_four, shifted

# Floats in the answer of one wide product; more would fall out of the processor's cache.
WIDE = 5 * 2**18
MOST_VERSIONS = 16


class FirstLayer:
    """The first layer of a chain.

    Args:
        chain: of the classifier.
        filters: of its first layer.
        probing_set: samples [probes, ...] as stored.

    Attributes:
        versions: how many go over the probing set at once. It follows from shapes alone, so
            that the same matrix products, bit for bit, come out every time.
    """

    def __init__(self, chain: Chain, filters: int, probing_set: Array) -> None:
        self._preparing = chain.preparing
        self._layer = chain.first
        probes = np.asarray(self._prepared(tf.constant(probing_set)))
        patches = _patches(self._layer, probes)
        self._grid = patches[0].shape[:-1]
        self._patches = [tf.constant(part.reshape(-1, part.shape[-1])) for part in patches]
        rows = len(self._patches[0])
        fitting = int(np.clip(WIDE // (rows * filters), 1, MOST_VERSIONS))
        self.versions = 2 ** int(np.log2(fitting))

    def cut(self, samples: Array) -> Array:
        """Updating sets [..., n, *sample] as `own` takes them; smallest while still as stored."""
        if not self._cuts_before_preparing:
            return samples
        height, width = self._layer.size  # type: ignore[union-attr]
        return windows(samples, (height + 1, width + 1), step=2)

    def own(self, samples: tf.Tensor, weights: Tensors) -> tf.Tensor:
        """One version's answer to its own samples.

        Args:
            samples: what `cut` made of [n, *sample].
            weights: of this version.
        """
        x = self._prepared(samples)
        layer = self._layer
        if not self._cuts_before_preparing:
            return layer(x, weights, None)
        count, height, width, patch = x.shape
        kernel = tf.reshape(shifted(weights[layer.kernel]), [patch, -1])
        y = maximum_of_four(tf.matmul(tf.reshape(x, [-1, patch]), kernel))
        return layer.biased(tf.reshape(y, [count, height, width, y.shape[-1]]), weights)

    def wide(self, versions: Tensors) -> tf.Tensor:
        """The answers of many versions to the probing set.

        Args:
            versions: weights [versions, ...].

        Returns:
            [versions, probes, ...].
        """
        layer = self._layer
        kernels = versions[layer.kernel]
        count, filters = kernels.shape[0], kernels.shape[-1]
        kernels = tf.transpose(tf.reshape(kernels, [count, -1, filters]), [1, 0, 2])
        beside = tf.reshape(kernels, [-1, count * filters])
        parts = [tf.matmul(patches, beside) for patches in self._patches]
        y = reduce(tf.maximum, parts)
        if layer.bias is not None:
            y += tf.reshape(versions[layer.bias], [-1])
        y = tf.transpose(tf.reshape(y, [-1, count, filters]), [1, 0, 2])
        return tf.reshape(y, [count, *self._grid, filters])

    @property
    def _cuts_before_preparing(self) -> bool:
        """Scaling and cutting can trade places where no border is padded with scaled zeros."""
        return (
            isinstance(self._layer, Convolution)
            and self._layer.four
            and not self._layer.same
            and all(isinstance(layer, keras.layers.Rescaling) for layer in self._preparing)
        )

    def _prepared(self, samples: tf.Tensor) -> tf.Tensor:
        x = tf.cast(samples, tf.float32)
        for layer in self._preparing:
            x = layer(x)
        return x


def windows(images: Array, size: tuple[int, int], step: int = 1) -> Array:
    """The patches of images.

    Args:
        images: [..., height, width, channels].
        size: height and width of a patch.
        step: between neighbouring patches, both ways.

    Returns:
        [..., rows, columns, patch]; a patch is in the order of a kernel: height, width, channels.
    """
    cut = np.lib.stride_tricks.sliding_window_view(images, size, axis=(-3, -2))
    cut = np.moveaxis(cut[..., ::step, ::step, :, :, :], -3, -1)
    return np.ascontiguousarray(cut).reshape(*cut.shape[:-3], -1)


def _patches(layer: Convolution | Dense, samples: Array) -> list[Array]:
    """What the rows of the wide product are: all positions, or the four of each pooling window."""
    if isinstance(layer, Dense):
        return [samples]
    if layer.same:
        edges = [((side - 1) // 2, side // 2) for side in layer.size]
        samples = np.pad(samples, [(0, 0), *edges, (0, 0)])
    every = windows(samples, layer.size)
    if not layer.pooled:
        return [every]
    height, width = (side // 2 * 2 for side in every.shape[1:3])
    return [every[:, down:height:2, right:width:2] for down in (0, 1) for right in (0, 1)]
