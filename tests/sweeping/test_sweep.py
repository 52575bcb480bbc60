"""Sweeps: measured once, resumed after a kill, told in a table; what does not fit is left out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from matplotlib.image import imread

from tests.corpus.settings import TINY, digits
from ulk_tf.errors import UserError
from ulk_tf.evaluation.intervals import Estimate
from ulk_tf.files import save_npz
from ulk_tf.preflight import Loaded
from ulk_tf.settings import cli
from ulk_tf.sweeping import sweep
from ulk_tf.sweeping.command import sweeping
from ulk_tf.sweeping.setting import Setting
from ulk_tf.sweeping.settings import DEFENCES, UPDATES

FEW = (Setting("round:1", {"defence": "round:1"}), Setting("dp", {"dp_noise_multiplier": 1.0}))
SMALL = {name: value for name, value in TINY.items() if name != "set_size"}


def flags(folder: Path, **more: Any) -> list[str]:
    """The command line of a sweep that takes seconds."""
    given = SMALL | {"training_updates": 20, "runs_dir": folder} | more
    return [f"--{name}={value}" for name, value in given.items() if value is not None]


def run(settings: tuple[Setting, ...], defended: bool, arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as ended:
        cli.run(
            sweeping("defences", settings, "A sweep.", defended=defended),
            ["--attack=li", *arguments],
        )
    return ended.value.code


ENTRY = {
    "metrics": {"accuracy": {"mean": 0.5, "low": 0.4, "high": 0.6, "n": 20}},
    "gains": {"accuracy:most_frequent_label": {"mean": 0.4, "low": 0.3, "high": 0.5, "n": 20}},
}


class Asked(NamedTuple):
    """What a stand-in was asked for: whose defences, and which seed or undefended service."""

    kind: str
    owner: str | None
    adversary: str | None
    beside: object = None


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """Replace what trains and scores by stand-ins, and name what they were asked for."""
    asked: list[Asked] = []

    def noted(kind: str, answer: Any, beside: Callable[..., object] = lambda *_: None) -> None:
        def call(one: Any, *rest: Any) -> Any:
            sides = one.owner.defence.defence, one.adversary.defence.defence
            asked.append(Asked(kind, *sides, beside(*rest)))
            return answer

        monkeypatch.setattr(sweep, kind, call)

    useful = dict.fromkeys(("accuracy", "calibration_error", "change"), Estimate(0.5, 0.4, 0.6, 9))
    noted("measure", ENTRY, lambda loaded, folder, seed: seed)
    noted("train", "trained", lambda corpora, seed, folder: seed)
    noted("score", ENTRY, lambda corpora, trained: trained)
    noted("build_corpora", None)
    noted("utility", useful, lambda undefended, *_: undefended.owner.defence.defence)
    return asked


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
