"""Figures show the samples that they are given, and equal figures are equal bytes."""

import struct
import subprocess
import sys

import matplotlib
import matplotlib.image
import numpy as np
import pytest

from tests.evaluation.drawn import NAMES, box, coloured, pixels
from ulk_tf.evaluation import charts, sample_pictures
from ulk_tf.evaluation.drawing import heat, strips
from ulk_tf.evaluation.intervals import Estimate


def chunks(path):
    """The kinds of a PNG's chunks."""
    data, place, kinds = path.read_bytes(), 8, []
    while place < len(data):
        size = struct.unpack(">I", data[place : place + 4])[0]
        kinds.append(data[place + 4 : place + 8])
        place += size + 12
    return kinds


EVERY = {
    "matched": lambda path: sample_pictures.matched_sets(
        path, np.full((3, 8, 8, 1), 0.2), np.full((3, 8, 8, 1), 0.7), "sets"
    ),
    "vectors": lambda path: sample_pictures.matched_sets(
        path, np.full((3, 20), 0.2), np.full((3, 20), 0.7), "sets"
    ),
    "rows": lambda path: sample_pictures.reconstructions(
        path, {"original": np.zeros((2, 8, 8, 1)), "attack": np.ones((2, 8, 8, 1))}, "rows"
    ),
    "curves": lambda path: charts.curves(
        path, {"loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 2.5, 2.0]}, "epoch", "loss"
    ),
    "confusion": lambda path: charts.confusion(path, np.eye(3, dtype=int) * 9 + 1, NAMES),
    "distributions": lambda path: charts.distributions(
        path, np.full((2, 3), 1 / 3), np.tile([0.5, 0.3, 0.2], (2, 1)), NAMES
    ),
    "bars": lambda path: charts.bars(path, {"attack": Estimate(1.0, 0.9, 1.1, 3)}, "error", set()),
}


@pytest.mark.parametrize("draw", EVERY.values(), ids=EVERY)
def test_equal_figures_are_equal_bytes_whatever_the_users_settings(draw, tmp_path):
    draw(tmp_path / "new" / "one.png")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "figure.dpi": 50}):
        draw(tmp_path / "two.png")
    one, two = (tmp_path / "new" / "one.png"), (tmp_path / "two.png")
    assert one.read_bytes() == two.read_bytes()
    assert not {b"tIME", b"tEXt", b"iTXt", b"zTXt"} & set(chunks(one))
    assert len(np.unique(pixels(one).reshape(-1, 3), axis=0)) > 2
    assert [path.name for path in one.parent.iterdir()] == ["one.png"]


def test_drawing_leaves_no_global_state(tmp_path):
    before = dict(matplotlib.rcParams)
    for name, draw in EVERY.items():
        draw(tmp_path / f"{name}.png")
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_never_imported():
    code = (
        "import sys, ulk_tf.evaluation.sample_pictures; "
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_a_failed_figure_leaves_nothing(tmp_path):
    with pytest.raises(ValueError):
        sample_pictures.matched_sets(
            tmp_path / "a.png", np.ones((2, 4, 4, 1)), np.ones((2, 4, 4, 7)), ""
        )
    assert not list(tmp_path.iterdir())


def test_matched_sets_keeps_places(tmp_path):
    colours = ["#ff0000", "#00ff00", "#0000ff", "#ff00ff"]
    matches = ["#800000", "#008000", "#000080", "#800080"]
    sample_pictures.matched_sets(tmp_path / "a.png", coloured(colours), coloured(matches), "four")
    picture = pixels(tmp_path / "a.png")
    true = np.array([box(picture, colour) for colour in colours])
    match = np.array([box(picture, colour) for colour in matches])
    shift = match - true
    # The whole right grid is the left one moved to the right, and only that.
    assert (shift == shift[0]).all() and shift[0, 0] > picture.shape[1] / 3 and shift[0, 1] == 0
    # First along a row, then down.
    assert true[1, 0] > true[0, 2] and true[1, 1] == true[0, 1]
    assert true[2, 0] == true[0, 0] and true[2, 1] > true[0, 3]
    # Enlarged by a whole number, not blurred.
    assert ((true[:, 2:] - true[:, :2]) % 4 == 0).all()


def test_greyscale_is_shown_as_it_is_and_clipped(tmp_path):
    shades = np.array([-3.0, 0.2, 0.6, 9.0])
    samples = np.broadcast_to(shades[:, None, None, None], (4, 5, 5, 1))
    sample_pictures.matched_sets(tmp_path / "a.png", samples, samples, "")
    picture = pixels(tmp_path / "a.png")
    for shade, grey in ((0.2, 51), (0.6, 153), (0.0, 0)):
        left, top, _, bottom = box(picture, (shade,) * 3)
        assert (picture[top:bottom, left : left + 20] == grey).all() and bottom - top >= 20


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (32, 32, 3), (300, 200, 3), (12,)])
@pytest.mark.parametrize("count", [1, 10, 100])
def test_any_set_fits_on_a_page(shape, count, tmp_path):
    samples = np.random.default_rng(1).random((count, *shape))
    sample_pictures.matched_sets(tmp_path / "a.png", samples, samples, "A title that is long " * 8)
    height, width, _ = pixels(tmp_path / "a.png").shape
    assert 100 < height < 1100 and 300 < width < 2000


def test_vectors_are_strips_in_order(tmp_path):
    true, guess = np.array([[0.0, 1.0], [1.0, 0.5]]), np.array([[0.25, 0.25], [0.75, 0.75]])
    sample_pictures.matched_sets(tmp_path / "a.png", true, guess, "")
    picture = pixels(tmp_path / "a.png")[:-50]  # without the scale, which has every colour
    low, high = (box(picture, heat(np.array(value))) for value in (0.25, 0.75))
    assert low[0] == high[0] and low[2] == high[2] and low[3] < high[1]
    lines = strips(true, 10, 5)
    assert np.allclose(lines[0, 0], heat(np.array(0.0))) and np.allclose(lines[0, -1], heat(1.0))
    assert np.allclose(lines[-1, 0], heat(np.array(1.0)))


def test_reconstructions_puts_names_in_rows_and_updates_in_columns(tmp_path):
    rows = {
        "original": coloured(["#ff0000", "#00ff00"]),
        "attack": coloured(["#800000", "#008000"]),
    }
    sample_pictures.reconstructions(tmp_path / "a.png", rows, "two updates")
    picture = pixels(tmp_path / "a.png")
    red, green = box(picture, "#ff0000"), box(picture, "#00ff00")
    dark_red, dark_green = box(picture, "#800000"), box(picture, "#008000")
    assert red[1] == green[1] and green[0] > red[2]
    assert dark_red[0] == red[0] and dark_green[0] == green[0] and dark_red[1] > red[3]


def test_reconstructions_of_vectors(tmp_path):
    rows = {name: np.full((3, 9), value) for name, value in {"original": 0.25, "a": 0.75}.items()}
    sample_pictures.reconstructions(tmp_path / "a.png", rows, "")
    picture = pixels(tmp_path / "a.png")[:-50]
    original, other = (box(picture, heat(np.array(value))) for value in (0.25, 0.75))
    assert original[1] == other[1] and other[0] > original[2]
