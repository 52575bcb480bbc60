"""Rates: learned from runs, kept in one small file, never in the way of a run."""

import os
import stat
import threading

import pytest

from ulk_tf.estimating import rates
from ulk_tf.estimating.rates import Rates, assumed
from ulk_tf.estimating.work import Work

STEP = Work("training", "attack step", 100, 0.5, like=("li",))
START = Work("training", "training start", 2)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return rates.path()


def test_without_runs_the_speed_of_the_machine_scales_the_table() -> None:
    assert Rates(speed=2.0).seconds(STEP) == pytest.approx(2 * assumed(STEP))


def test_calibration_takes_a_moment_and_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(rates, "multiplying", lambda: 1e6)
    assert Rates().factor(STEP) == 3.0
    monkeypatch.undo()
    assert 0 < rates.multiplying() < 1


def test_the_same_works_are_estimated_right_after_one_run() -> None:
    known = Rates(speed=1.0)
    known.learn([STEP, START], {"training": 30.0})
    assert known.seconds(STEP) + known.seconds(START) == pytest.approx(30.0, rel=0.25)
    for _ in range(8):
        known.learn([STEP, START], {"training": 30.0})
    assert known.seconds(STEP) + known.seconds(START) == pytest.approx(30.0, rel=0.02)


def test_recent_runs_outweigh_old_ones() -> None:
    known = Rates(speed=1.0)
    for _ in range(10):
        known.learn([STEP], {"training": 40.0})
    assert known.seconds(STEP) == pytest.approx(40.0)
    for _ in range(3):
        known.learn([STEP], {"training": 10.0})
    assert 10 < known.seconds(STEP) < 15


def test_another_setting_takes_the_mean_of_its_kind() -> None:
    other = Work("training", "attack step", 10, 0.1, like=("lde",))
    known = Rates(speed=1.0)
    known.learn([STEP], {"training": 3 * assumed(STEP)})
    assert known.seconds(other) == pytest.approx(3 * assumed(other))


def test_what_did_not_run_teaches_nothing() -> None:
    known = Rates(speed=1.0)
    known.learn([STEP, Work("scoring", "question", 0)], {"scoring": 1.0})
    assert known.factors == {}


def test_rates_are_kept_with_the_umask_and_are_bounded(file, tmp_path) -> None:
    before = os.umask(0o027)
    try:
        Rates({f"set/{n}": 1.0 for n in range(2000)}).store()
    finally:
        os.umask(before)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [file]
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert list(Rates.stored().factors) == [f"set/{n}" for n in range(1500, 2000)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"schema": 1}',
        '{"schema": 1, "version": "0", "factors": {"set/1": 2}}',
        '{"schema": 1, "version": "V", "factors": [1]}',
        '{"schema": 1, "version": "V", "factors": {"set/1": "x"}}',
        '{"schema": 1, "version": "V", "factors": {"set/1": NaN, "set/2": 1e9, "set/3": -1}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_file_holds_no_rates(file, text) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(text.replace('"V"', f'"{rates.__version__}"'))
    assert Rates.stored().factors == {}


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    Rates({"set/1": 1.0}).store()
    assert Rates.stored().factors == {}


def test_two_runs_that_end_at_once_leave_a_whole_file(file) -> None:
    own = [Rates({f"set/{n}": 1.0 + n}) for n in range(8)]
    threads = [threading.Thread(target=one.store) for one in own]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Rates.stored().factors in [one.factors for one in own]
    assert list(file.parent.iterdir()) == [file]
