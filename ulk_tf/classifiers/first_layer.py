"""First layer with weights, applied to the probing set for many versions at once.

Its input is constant, so the first layer of many versions is one matrix product: patches of the
probing set, cut once, times the kernels of all versions side by side.
"""

from functools import reduce

import numpy as np
import tensorflow as tf

from ulk_tf.classifiers.stages import Convolution, Dense, Tensors
from ulk_tf.files import Array

# Floats in the result of one wide product; more would not fit into the processor's cache.
WIDE = 5 * 2**18
MOST_VERSIONS = 8


class FirstLayer:
    """First layer of a chain, over the probing set.

    Args:
        layer: the first layer with weights.
        filters: number of its filters or units.
        probes: output [probes, ...] of the layers before it for the probing set.

    Attributes:
        versions: number of versions in one product. It depends on shapes alone, so that repeated
            runs give the same bytes.
    """

    def __init__(self, layer: Convolution | Dense, filters: int, probes: Array) -> None:
        self._layer = layer
        patches = _patches(layer, probes)
        self._grid = patches[0].shape[:-1]
        rows = [part.reshape(-1, part.shape[-1]) for part in patches]
        # Append the bias to each kernel, and a 1 to every patch.
        ones = np.ones((len(rows[0]), int(layer.bias is not None)), np.float32)
        self._patches = [tf.constant(np.hstack([part, ones])) for part in rows]
        fitting = int(np.clip(WIDE // (len(ones) * filters), 1, MOST_VERSIONS))
        self.versions = 2 ** int(np.log2(fitting))

    def wide(self, versions: Tensors) -> tf.Tensor:
        """Apply the layer of many versions to the probing set.

        Args:
            versions: weights of the versions, each [versions, ...].

        Returns:
            [values, versions, filters]; `of` selects one version.
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
        """Select one version's output from a wide product, [probes, ..., filters]."""
        return tf.reshape(wide[:, number], [*self._grid, wide.shape[-1]])


def _patches(layer: Convolution | Dense, samples: Array) -> list[Array]:
    """Cut the rows of the wide product: all positions, or the four of each pooling window.

    The values of a patch are in the order of a kernel: height, width, channels.
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
