"""The first layer with weights, which every version applies to the same, constant samples.

Over the probing set, the first layer of many versions is one matrix product: patches, cut once,
times the kernels of all versions side by side.
"""

from functools import reduce

import numpy as np
import tensorflow as tf

from ulk_tf.classifiers.stages import Convolution, Dense, Tensors
from ulk_tf.files import Array

# Floats in the answer of one wide product; more would be far from the processor.
WIDE = 5 * 2**18
MOST_VERSIONS = 8


class FirstLayer:
    """The first layer of a chain, over the probing set.

    Args:
        layer: the first one with weights.
        filters: of it.
        probes: the probing set [probes, ...], as the layers before it leave it.

    Attributes:
        versions: how many go over the probing set at once. It follows from shapes alone, so
            that the same matrix products, bit for bit, come out every time.
    """

    def __init__(self, layer: Convolution | Dense, filters: int, probes: Array) -> None:
        self._layer = layer
        patches = _patches(layer, probes)
        self._grid = patches[0].shape[:-1]
        rows = [part.reshape(-1, part.shape[-1]) for part in patches]
        # The bias is one more value of a kernel, and 1 one more value of every patch.
        ones = np.ones((len(rows[0]), int(layer.bias is not None)), np.float32)
        self._patches = [tf.constant(np.hstack([part, ones])) for part in rows]
        fitting = int(np.clip(WIDE // (len(ones) * filters), 1, MOST_VERSIONS))
        self.versions = 2 ** int(np.log2(fitting))

    def wide(self, versions: Tensors) -> tf.Tensor:
        """The answers of many versions to the probing set.

        Args:
            versions: weights [versions, ...].

        Returns:
            [values, versions, filters]; `of` takes one version's from it.
        """
        layer = self._layer
        kernels = versions[layer.kernel]
        count, filters = kernels.shape[0], kernels.shape[-1]
        rows = tf.reshape(kernels, [count, -1, filters])
        if layer.bias is not None:
            rows = tf.concat([rows, versions[layer.bias][:, None]], 1)
        # Products are faster with kernels as rows.
        beside = tf.reshape(tf.transpose(rows, [0, 2, 1]), [count * filters, -1])
        parts = [tf.matmul(patches, beside, transpose_b=True) for patches in self._patches]
        return tf.reshape(reduce(tf.maximum, parts), [-1, count, filters])

    def of(self, wide: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        """One version's answer, [probes, ..., filters]."""
        return tf.reshape(wide[:, number], [*self._grid, wide.shape[-1]])


def _patches(layer: Convolution | Dense, samples: Array) -> list[Array]:
    """What the rows of the wide product are: all positions, or the four of each pooling window.

    A patch is in the order of a kernel: height, width, channels.
    """
    if isinstance(layer, Dense):
        return [samples]
    if layer.same:
        edges = [((side - 1) // 2, side // 2) for side in layer.size]
        samples = np.pad(samples, [(0, 0), *edges, (0, 0)])
    cut = np.lib.stride_tricks.sliding_window_view(samples, layer.size, axis=(1, 2))
    cut = np.moveaxis(cut, 3, -1)
    every = np.ascontiguousarray(cut).reshape(*cut.shape[:3], -1)
    if not layer.pooled:
        return [every]
    height, width = (side // 2 * 2 for side in every.shape[1:3])
    return [every[:, down:height:2, right:width:2] for down in (0, 1) for right in (0, 1)]
