"""Sweeps: measured once, resumed after a kill, told in a table; mistakes are said at once."""

import json
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread

from tests.corpus.settings import digits
from tests.sweeping.conftest import ENTRY, FEW, Asked, flags, run
from ulk_tf.files import save_npz
from ulk_tf.preflight import Loaded
from ulk_tf.settings import cli
from ulk_tf.sweeping import sweep
from ulk_tf.sweeping.command import sweeping
from ulk_tf.sweeping.setting import Setting
from ulk_tf.sweeping.settings import DEFENCES


def check_files(told: str) -> Path:
    """Check what a sweep of round:1 prints and writes; return the path of its file."""
    lines = told.splitlines()
    paths = [Path(line) for line in lines[-3:]]
    assert [path.name for path in paths] == ["leak_and_utility.png", "defences.md", "sweep.json"]
    assert imread(paths[0]).shape[2] in (3, 4)
    names = {"plain", "plain, seed 1", "plain, seed 2", "plain, utility"}
    names |= {"round:1", "round:1, naive", "round:1, utility"}
    assert set(json.loads(paths[2].read_text())["entries"]) == names
    assert any(line.startswith("| round:1 |") for line in lines)
    return paths[2]


def test_a_sweep_is_measured_once_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], measured: list[Asked]
) -> None:
    assert run(FEW[:1], True, flags(tmp_path)) == 0
    path = check_files(capsys.readouterr().out)
    assert measured == [
        Asked("measure", None, None, 0),
        # The naive adversary trains for exact answers, and is scored on the defended ones.
        Asked("build_corpora", None, None),
        Asked("train", None, None, 0),
        Asked("build_corpora", "round:1", None),
        Asked("score", "round:1", None, "trained"),
        Asked("measure", "round:1", "round:1", 0),
        Asked("measure", None, None, 1),
        Asked("measure", None, None, 2),
        # Change is that from the service without the defence.
        Asked("utility", "round:1", "round:1", None),
        Asked("utility", None, None, None),
    ]
    measured.clear()
    before = path.read_bytes()
    assert run(FEW[:1], True, flags(tmp_path)) == 0
    assert not measured and path.read_bytes() == before
    # What a kill left out is measured, and nothing else.
    kept = json.loads(path.read_text())
    del kept["entries"]["round:1"]
    path.write_text(json.dumps(kept))
    assert run(FEW[:1], True, flags(tmp_path)) == 0
    assert measured == [Asked("measure", "round:1", "round:1", 0)]


def test_chosen_settings_are_measured_alone_and_leave_the_table_of_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], measured: list[Asked]
) -> None:
    assert run(FEW, True, flags(tmp_path)) == 0
    folder = Path(capsys.readouterr().out.splitlines()[-1]).parent
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    measured.clear()
    odd = Setting("odd", {"n_probes": 1700}), Setting("elsewhere", on={"mnist": {"n_probes": 9}})
    assert run((*FEW, *odd), True, ["--settings= dp ", *flags(tmp_path)]) == 0
    told = capsys.readouterr()
    assert not measured, "it was measured before"
    assert "| dp |" in told.out and "round:1" not in told.out and "left out" not in told.err
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert before.items() <= after.items()
    assert {*after} - {*before} == {"defences_chosen.md", "leak_and_utility_chosen.png"}
    assert run(odd, True, ["--settings=elsewhere", *flags(tmp_path)]) == 2
    told = capsys.readouterr()
    assert "left out. Expected --dataset of mnist. Received digits" in told.err
    assert "--settings with one that fits --attack=li. Received 'elsewhere'" in told.err


def test_chosen_settings_are_not_measured_at_other_seeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], measured: list[Asked]
) -> None:
    assert run(FEW, False, ["--settings=dp", *flags(tmp_path)]) == 0
    assert measured == [Asked("measure", None, None, 0)] * 2  # the plain attack, and the setting


def test_settings_of_dp_sgd_belong_to_a_sweep_that_switches_it_on(
    measured: list[Asked], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(FEW[:1], False, flags(tmp_path, dp_clip=0.5)) == 2
    assert "does not read it. Received --dp_clip=0.5 alone" in capsys.readouterr().err
    assert run(FEW, False, flags(tmp_path, dp_clip=0.5)) == 0 and measured


@pytest.mark.slow
def test_a_real_sweep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FEW[:1], True, flags(tmp_path)) == 0
    check_files(capsys.readouterr().out)
    assert not list(tmp_path.rglob("saved_model.pb"))


def test_the_last_attack_s_fault_is_said_before_the_first_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], measured: list[Asked]
) -> None:
    given = ["--attack=li,lde", "--validation_samples=5", *flags(tmp_path)]
    with pytest.raises(SystemExit) as ended:
        cli.run(sweeping("defences", FEW[:1], "A sweep.", defended=False), given)
    assert ended.value.code == 2 and not measured
    assert "Received --set_size=10." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--attack=lo"], "an attack of li"),
        (["--defence=round:3"], "no --defence, which this"),
        (
            ["--settings=round:3,round:9"],
            "dropout:0.75, a third of the rate, twice",
        ),
        (["--attack=li,msr", "--settings=round:3"], "that fits --attack=msr. Received 'round:3'"),
        (["--settings=,"], "separated by commas. Received none"),
    ],
)
def test_mistakes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run(
            sweeping("defences", DEFENCES, "A sweep.", defended=True),
            [*flags(tmp_path), *arguments],
        )
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_another_data_set_of_the_adversary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []

    def noted(one: Any, loaded: Loaded, *_: Any) -> Any:
        seen.append((one.adversary.data.dataset, (loaded.shadow_dataset or loaded.dataset).name))
        return ENTRY

    monkeypatch.setattr(sweep, "measure", noted)
    other = tmp_path / "other.npz"
    save_npz(other, {"images": digits().samples[::2], "labels": digits().labels[::2]})
    row = Setting("other data", on={"digits": {"shadow_dataset": str(other)}})
    assert run((row,), False, flags(tmp_path / "runs")) == 0
    own = ("digits", "digits")
    assert seen == [own, (str(other), "other"), own, own]
    assert "| other data |" in capsys.readouterr().out
