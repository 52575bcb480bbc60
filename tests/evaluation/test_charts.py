"""Charts show both lines, shade by shares, mark the attack, and take any name as text."""

import numpy as np
import pytest

from tests.evaluation.drawn import NAMES, box, pixels
from ulk_tf.evaluation import charts, sample_pictures
from ulk_tf.evaluation.drawing import ACCENT, SECOND
from ulk_tf.evaluation.intervals import Estimate


def test_held_out_curves_are_told_apart(tmp_path):
    charts.curves(tmp_path / "one.png", {"loss": [2.0, 1.0]}, "epoch", "loss")
    charts.curves(tmp_path / "two.png", {"loss": [2.0, 1.0], "val_loss": [2, 1.5]}, "epoch", "l")
    one, two = pixels(tmp_path / "one.png"), pixels(tmp_path / "two.png")
    assert box(one, ACCENT) and not box(one, SECOND)
    assert box(two, ACCENT) and box(two, SECOND)


@pytest.mark.parametrize("lines", [{}, {"loss": [1.0]}, {"loss": [1.0, float("nan"), 2.0]}])
def test_curves_with_little_to_show(lines, tmp_path):
    charts.curves(tmp_path / "a.png", lines, "epoch", "loss")
    assert (pixels(tmp_path / "a.png") < 200).any()


def test_confusion_is_shaded_by_the_share_of_the_true_label(tmp_path):
    # So many classes that no counts are written: only the shade is left.
    matrix = np.eye(30, dtype=int) * 3 + 1
    names = [f"class {number}" for number in range(30)]
    charts.confusion(tmp_path / "one.png", matrix, names)
    charts.confusion(tmp_path / "more.png", matrix * np.arange(1, 31)[:, None], names)
    charts.confusion(tmp_path / "other.png", matrix.T[::-1], names)
    one, more, other = (pixels(tmp_path / f"{name}.png") for name in ("one", "more", "other"))
    assert (one == more).all() and (one != other).any()


def test_confusion_without_updates_of_a_class(tmp_path):
    charts.confusion(tmp_path / "a.png", np.array([[3, 1], [0, 0]]), ["no", "yes"])
    assert (tmp_path / "a.png").stat().st_size > 1000


@pytest.mark.parametrize("count", [1, 4, 5])
def test_distributions_show_both(count, tmp_path):
    shares = np.random.default_rng(2).dirichlet(np.ones(3), count)
    charts.distributions(tmp_path / "a.png", shares, shares[:, ::-1], NAMES)
    charts.distributions(tmp_path / "b.png", shares, shares, NAMES)
    assert box(pixels(tmp_path / "a.png"), ACCENT)
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()


def test_bars_mark_the_attack_and_place_means(tmp_path):
    estimates = {"attack": Estimate(1.0, 0.9, 1.1, 9), "other": Estimate(2.0, 1.9, 2.1, 9)}
    for marked in ("attack", "other"):
        charts.bars(tmp_path / f"{marked}.png", estimates, "error", {marked})
    charts.bars(tmp_path / "none.png", estimates, "error", set())
    first, second = (pixels(tmp_path / f"{name}.png")[:, :700] for name in estimates)
    assert box(first, ACCENT)[3] < box(second, ACCENT)[1]
    # Right of the names, the dot of the smaller mean is to the left.
    dots = [box(picture[:, 150:], ACCENT) for picture in (first, second)]
    assert dots[0][2] < dots[1][0]
    assert box(pixels(tmp_path / "none.png"), ACCENT) is None


def test_bars_without_an_interval(tmp_path):
    nan = float("nan")
    charts.bars(tmp_path / "a.png", {"a": Estimate(1.0, nan, nan, 1)}, "error", {"a"})
    assert box(pixels(tmp_path / "a.png"), ACCENT)


@pytest.mark.parametrize("name", ["$x^{$", "a$b$c", "日本語", "long " * 30, r"\frac", "_"])
def test_any_class_name_is_only_text(name, tmp_path):
    names = [name, "b", "c"]
    charts.confusion(tmp_path / "a.png", np.eye(3, dtype=int), names)
    charts.distributions(tmp_path / "b.png", np.eye(3), np.eye(3), names)
    charts.bars(tmp_path / "c.png", {name: Estimate(1.0, 0.0, 2.0, 3)}, name, {name})
    sample_pictures.reconstructions(tmp_path / "d.png", {name: np.zeros((2, 4, 4, 1))}, name)
