"""The gate: limits against intervals, earlier results, exit codes, and NumPy alone."""

import copy
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

import ulk_tf
from ulk_tf import __main__ as commands
from ulk_tf.errors import UserError
from ulk_tf.evaluation.results import KEYS
from ulk_tf.gating import gate, junit, markdown, passed
from ulk_tf.limits import Limit
from ulk_tf.result import Result
from ulk_tf.settings import cli

KEY = "accuracy:most_frequent_label"


def estimate(mean: float, half: float) -> dict[str, float]:
    return {"mean": mean, "low": mean - half, "high": mean + half, "n": 300}


def result(mean: float = 0.2, half: float = 0.05, **changes: Any) -> Result:
    empty = {key: kind() for key, kind in KEYS.items()}
    content = empty | {
        "attack": "li",
        "dataset": "digits",
        "config": {"seed": 0, "owner": {"update": {"set_size": 1}}, "folders": {"runs_dir": "a"}},
        "metrics": {"accuracy": estimate(0.3, 0.05)},
        "baselines": {KEY: estimate(0.1, 0.01)},
        "gains": {KEY: estimate(mean, half)},
    }
    return Result(Path("somewhere"), content | changes)


@pytest.mark.parametrize(
    ("at_most", "state"),
    [(0.1, "broken"), (0.149, "broken"), (0.151, "undecided"), (0.2, "undecided"), (0.26, "held")],
)
def test_a_limit_is_held_against_the_interval(at_most: float, state: str) -> None:
    (check,) = gate(result(), [Limit("accuracy", "most_frequent_label", at_most)])
    assert check.state == state and check.name == "li accuracy over most_frequent_label"
    assert passed([check]) == (state == "held")
    assert passed([check], undecided="held") == (state != "broken")


def test_what_was_not_measured_is_not_held() -> None:
    limit = [Limit("accuracy", "most_frequent_label", 0.9)]
    assert gate(result(), limit)[0].state == "held"
    (warned,) = gate(result(doubts=["9 of 9 base models have learned nothing."]), limit)
    assert warned.state == "undecided" and "learned nothing" in warned.sentence
    tenths = {"metric": "accuracy", "chance": 0.12, "edges": [0.0] * 11}
    for values, state in (([0.1] * 10, "undecided"), ([0.1] * 9 + [0.9], "held")):
        (one,) = gate(result(held_out={"score_by_tenth": tenths | {"values": values}}), limit)
        assert one.state == state
    # A leak that was measured is broken, however weak the attack.
    broken = gate(result(0.95, 0.01, doubts=["x"]), limit)
    assert broken[0].state == "broken"


def test_a_gain_that_rose_beyond_the_joint_interval() -> None:
    earlier = result(0.10, 0.03)
    assert [one.state for one in gate(result(0.15, 0.05), [], earlier)] == ["held"]
    assert [one.state for one in gate(result(0.17, 0.05), [], earlier)] == ["broken"]
    other = copy.deepcopy(dict(earlier.results))
    other["config"]["owner"]["update"]["set_size"] = 2
    with pytest.raises(UserError, match=r"others: owner\.update\.set_size"):
        gate(result(), [], Result(Path(), other))
    moved = copy.deepcopy(dict(earlier.results))
    moved["config"]["folders"]["runs_dir"] = "b"
    assert gate(result(0.1, 0.05), [], Result(Path(), moved))[0].state == "held"
    with pytest.raises(UserError, match="a result of lde"):
        gate(result(), [], result(attack="lde"))
    other_gains = result(gains={"accuracy:shuffled": estimate(0.1, 0.01)})
    with pytest.raises(UserError, match="gains that both results of li have"):
        gate(other_gains, [], earlier)


def test_an_earlier_insider_is_held_against_the_insider() -> None:
    insider = {"config": {"seed": 0, "owner": {"update": {"set_size": 1}}, "insider": True}}
    both = [result(0.1, 0.01), result(0.5, 0.01, **insider)]
    before = [result(0.1, 0.01), result(0.2, 0.01, **insider)]
    for old in (before, before[::-1]):
        states = {one.sentence[:10]: one.state for one in gate(both, [], old)}
        assert states == {"gain 0.100": "held", "gain 0.500": "broken"}


def test_what_was_not_measured_is_not_held_against_before_either() -> None:
    (one,) = gate(result(0.1, 0.01, doubts=["nothing was learned"]), [], result(0.3, 0.01))
    assert one.state == "undecided" and "nothing was learned" in one.sentence
    (rose,) = gate(result(0.9, 0.01, doubts=["nothing was learned"]), [], result(0.3, 0.01))
    assert rose.state == "broken"


def test_a_limit_on_what_the_run_has_not() -> None:
    for limit in (Limit("kl", "prior", 0.1), Limit("accuracy", "most_frequent_label", 0.1, "lde")):
        with pytest.raises(UserError, match="limits on li accuracy:most_frequent_label"):
            gate(result(), [limit])
    with pytest.raises(UserError, match="at least one limit"):
        gate(result(), [])


def test_results_that_no_limit_names_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    limit = [Limit("accuracy", "most_frequent_label", 0.9, attack="li")]
    other = result(attack="lde")
    assert len(gate([result(), other], limit)) == 1
    assert "lde in somewhere is held against nothing: no limit and no" in capsys.readouterr().err
    gate(result(), limit)
    gate([result(), other], limit, against=[other])
    gate([result(), other], [Limit("accuracy", "most_frequent_label", 0.9)])
    assert capsys.readouterr().err == ""
    insider = result(config={**result().results["config"], "seed": 1})
    limit = [Limit("accuracy", "most_frequent_label", 0.9, attack="lde")]
    for against, count in ((other, 2), (insider, 1)):
        gate([result(), insider, other], limit, against)
        assert capsys.readouterr().err.count("li in somewhere is held against nothing") == count


def test_tables_for_people_and_for_machines() -> None:
    limits = [Limit("accuracy", "most_frequent_label", most) for most in (0.1, 0.2, 0.5)]
    checks = gate(result(), limits)
    assert markdown(checks).count("\n| li accuracy") == 3 and "❌ broken" in markdown(checks)
    tree = ElementTree.fromstring(junit(checks))
    assert (tree.get("tests"), tree.get("failures")) == ("3", "2")
    assert ElementTree.fromstring(junit(checks, "held")).get("failures") == "1"


def written(folder: Path, one: Result) -> Path:
    path = folder / "results.json"
    path.write_text(json.dumps({"schema_version": 2} | dict(one.results)))
    return path


@pytest.mark.parametrize(("at_most", "code"), [(0.5, 0), (0.1, 3), (0.2, 3)])
def test_exit_codes_and_files(
    tmp_path: Path, at_most: float, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = tmp_path / "limits.toml"
    limits.write_text(
        f"[[limit]]\nmetric='accuracy'\nbaseline='most_frequent_label'\nat_most={at_most}\n"
    )
    given = [f"--results={written(tmp_path, result())}", f"--limits={limits}"]
    given += [f"--markdown={tmp_path / 'new' / 'a.md'}", f"--junit={tmp_path / 'a.xml'}"]
    with pytest.raises(SystemExit) as ended:
        cli.run(commands.COMMANDS, ["gate", *given])
    assert ended.value.code == code
    assert "li accuracy over most_frequent_label" in capsys.readouterr().out
    assert (tmp_path / "new" / "a.md").is_file() and (tmp_path / "a.xml").is_file()


def test_it_runs_where_numpy_is_alone(tmp_path: Path) -> None:
    blocked = ("tensorflow", "keras", "scipy", "sklearn", "fire", "tqdm", "matplotlib")
    (tmp_path / "sitecustomize.py").write_text(
        f"import sys\nfor name in {blocked}:\n    sys.modules[name] = None\n"
    )
    limits = tmp_path / "limits.toml"
    limits.write_text("[[limit]]\nmetric='accuracy'\nbaseline='most_frequent_label'\nat_most=0.5\n")
    root = str(Path(ulk_tf.__file__).parents[1])
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ulk_tf", "gate"),
            *(f"--results={written(tmp_path, result())}", f"--limits={limits}"),
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), root])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("held ")
