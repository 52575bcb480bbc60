"""Picture of a sweep: every setting has its line, and one attack that is far off hides no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ulk_tf.evaluation.drawing import ACCENT, SECOND, drawing
from ulk_tf.evaluation.plotting import Axes, Figure
from ulk_tf.sweeping import picture as module
from ulk_tf.sweeping.picture import EDGE, HIGHEST, LOWEST, picture
from ulk_tf.sweeping.results import PLAIN, Row, Sweep
from ulk_tf.sweeping.setting import Setting
from ulk_tf.sweeping.table import table


def entry(gain: float, wide: float = 0.1) -> dict[str, Any]:
    estimate = {"mean": gain, "low": gain - wide, "high": gain + wide, "n": 9}
    return {"metrics": {"accuracy": estimate}, "gains": {"accuracy:most_frequent_label": estimate}}


def swept(plain: float, wide: float = 0.1) -> Sweep:
    useful = {"change": {"mean": 0.01}, "accuracy": {"mean": 0.9}}
    rows = (
        Row(Setting("round:4"), entry(0.4), entry(0.1, wide), useful),
        Row(Setting("label"), entry(0.2), entry(-9.0), useful),
    )
    return Sweep("li", Row(PLAIN, entry(plain), None, useful), (), rows)


def axes_of(found: Sweep, path: Path, patch: pytest.MonkeyPatch) -> list[Axes]:
    """Draw a picture and return its halves: the leak's and the change's."""
    kept: list[Axes] = []

    @contextmanager
    def watched(*given: Any) -> Iterator[Figure]:
        with drawing(*given) as figure:
            yield figure
            kept.extend(figure.axes)

    patch.setattr(module, "drawing", watched)
    picture(path, found)
    return kept


def points(axes: Axes, colour: str) -> list[tuple[float, str]]:
    lines = [line for line in axes.lines if line.get_color() == colour and len(line.get_xdata())]
    return [(round(float(line.get_xdata()[0]), 6), str(line.get_marker())) for line in lines]


def test_each_setting_has_a_line_in_both_halves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak, change = axes_of(swept(0.8), tmp_path / "a.png", monkeypatch)
    names = [label.get_text() for label in leak.get_yticklabels()]
    assert names == ["plain", "round:4", "label"]
    assert "share of the undefended gain" in leak.get_xlabel()
    assert points(leak, ACCENT) == [(1.0, "o"), (0.5, "o"), (0.25, "o")]
    assert [text.get_text() for text in change.texts] == ["0.900"] * 3
    picture(tmp_path / "b.png", swept(0.8))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_an_attack_that_is_far_off_is_marked_at_the_edge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak, _ = axes_of(swept(0.8), tmp_path / "a.png", monkeypatch)
    assert points(leak, SECOND) == [(0.125, "o"), (LOWEST, "<")]
    assert leak.get_xlim()[0] == EDGE


def test_a_wide_interval_is_drawn_up_to_the_edges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak, _ = axes_of(swept(0.8, wide=50), tmp_path / "a.png", monkeypatch)
    assert leak.get_xlim() == (EDGE, HIGHEST)
    ends = [x for part in leak.collections for line in part.get_segments() for x, _ in line]
    assert min(ends) == pytest.approx(EDGE) and max(ends) > HIGHEST


def test_gains_are_drawn_where_there_is_no_share_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak, _ = axes_of(swept(0.05), tmp_path / "a.png", monkeypatch)
    assert leak.get_xlabel().startswith("gain over most frequent label")
    assert points(leak, ACCENT) == [(0.05, "o"), (0.4, "o"), (0.2, "o")]


def test_a_setting_whose_utility_is_not_measured_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = swept(0.8)
    stopped = replace(found, rows=(*found.rows, Row(Setting("round:2"), entry(0.1), None, {})))
    _, change = axes_of(stopped, tmp_path / "a.png", monkeypatch)
    assert len(change.texts) == 3
    assert table(stopped).splitlines()[-1].endswith("|  |  |  |")
