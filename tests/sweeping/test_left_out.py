"""Settings of a sweep that cannot be measured are left out, and said; the others are measured."""

from pathlib import Path
from typing import Any

import pytest

from tests.sweeping.conftest import ENTRY, FEW, Asked, flags, run
from ulk_tf.errors import UserError
from ulk_tf.sweeping import sweep
from ulk_tf.sweeping.setting import Setting
from ulk_tf.sweeping.settings import UPDATES


def test_a_setting_that_does_not_fit_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], measured: list[Asked]
) -> None:
    many = Setting("many probes", {"n_probes": 1700})
    assert run((many,), False, flags(tmp_path, n_probes=None)) == 0
    told = capsys.readouterr()
    assert "many probes is left out" in told.err
    assert "many probes" not in told.out


def test_a_setting_that_leaves_nothing_to_read_ends_no_sweep(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(one: Any, *_: Any) -> Any:
        if one.owner.defence.defence:
            raise UserError("shadow updates that change the answers", "none")
        return ENTRY

    monkeypatch.setattr(sweep, "measure", measured)
    assert run(FEW, False, flags(tmp_path)) == 0
    told = capsys.readouterr()
    assert "round:1 is left out. Expected shadow updates that change" in told.err
    assert "| dp |" in told.out and "round:1" not in told.out


def test_what_would_take_days_is_left_out(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    measured: list[Asked],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    retraining = next(one for one in UPDATES if one.name == "retraining")
    assert run((retraining,), False, flags(tmp_path)) == 0
    assert "| retraining (on old and new samples) |" in capsys.readouterr().out
    # Too much to multiply; and too many steps, however little there is to multiply in each.
    for limit, value in (("MOST_WORK", 1), ("LEAST_OF_A_STEP", 1e9)):
        with monkeypatch.context() as patch:
            patch.setattr(sweep, limit, value)
            assert run((FEW[1], retraining), False, flags(tmp_path)) == 0
        told = capsys.readouterr()
        assert "retraining is left out. Expected few updates" in told.err
        assert "Received 65, which take days" in told.err
        # Updates that are computed together are never too many.
        assert "| retraining" not in told.out and "| dp |" in told.out


def test_a_setting_that_no_procedure_reads_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], measured: list[Asked]
) -> None:
    own = "--procedure=tests.classifiers.own_procedures:Softmax"
    assert run(FEW, True, [own, *flags(tmp_path, base_epochs=None)]) == 0
    told = capsys.readouterr()
    assert "dp is left out. Expected flags that the procedure" in told.err
    assert "| dp |" not in told.out and "| round:1 |" in told.out
    assert run(FEW, True, [own, *flags(tmp_path)]) == 2
    assert "Received --base_epochs." in capsys.readouterr().err
