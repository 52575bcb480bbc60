"""Grids are full and separated, and what is too large is averaged, not cut."""

import numpy as np
import pytest

from ulk_tf.evaluation.drawing import columns_of, heat, strips, tiled


def test_long_vectors_are_averaged_not_cut():
    ramp = np.linspace(0, 1, 5000)[np.newaxis]
    line = strips(ramp, 500, 5)[0]
    assert line.shape[0] == 500
    assert np.abs(line - heat(np.linspace(0, 1, 500))).max() < 0.02


@pytest.mark.parametrize(
    ("count", "columns"), [(1, 1), (2, 2), (4, 2), (9, 3), (10, 5), (64, 8), (100, 10)]
)
def test_grids_are_nearly_square_and_full(count, columns):
    assert columns_of(count) == columns


def test_tiles_are_separated_by_white():
    canvas = tiled(np.zeros((3, 4, 4, 1)), 2, 8)
    assert canvas.shape == (18, 18, 3)
    assert (canvas[:8, :8] == 0).all() and (canvas[8:10] == 1).all()
    assert (canvas[10:, 10:] == 1).all()


def test_large_images_are_averaged():
    checker = np.indices((200, 200)).sum(0)[np.newaxis, ..., np.newaxis] % 2
    canvas = tiled(checker, 1, 100)
    assert canvas.shape == (100, 100, 3) and np.allclose(canvas, 0.5)
