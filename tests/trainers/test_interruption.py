"""Ctrl-C and worse in the middle of a corpus: the next run goes on, to the same figures."""

import re
import signal
from pathlib import Path

import pytest

from tests.trainers.commands import Done, finish, made, start, train, wait_for

pytestmark = pytest.mark.slow
# Six shards of about a second each, so that there is a middle.
MANY = {"training_bases": 2, "training_updates": 600}
# Written once the first shard is on disk: a shard that is not listed yet is computed again.
FIRST_SHARD = "r/*/corpus/*/MANIFEST.json"


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return train("li", tmp_path_factory.mktemp("whole"), **MANY)


def interrupted(folder: Path, by: signal.Signals) -> Done:
    process = start("li", folder, **MANY)
    wait_for(folder, FIRST_SHARD, process)
    process.send_signal(by)
    return finish(process, folder)


def resume(folder: Path, uninterrupted: Done) -> None:
    """Run again: what is there is used as it is, and the figures are those of a whole run."""
    before = made(folder)
    assert 0 < len(before) < len(made(uninterrupted.folder))
    again = train("li", folder, **MANY)
    after = made(folder)
    assert {path: after[path] for path in before} == before
    assert set(after) == set(made(uninterrupted.folder))
    for path in after:
        assert (folder / path).read_bytes() == (uninterrupted.folder / path).read_bytes()
    # All base models were there, and the bar of updates does not begin at zero.
    assert "training base models" not in again.err
    first = re.search(r"updating models: .*?(\d+)/1222", again.err)
    assert first and int(first[1]) > 0
    assert again.figures == uninterrupted.figures


def test_ctrl_c_is_130_and_the_next_run_goes_on(tmp_path: Path, uninterrupted: Done) -> None:
    stopped = interrupted(tmp_path, signal.SIGINT)
    assert stopped.code == 130 and stopped.out == ""
    told = [line for line in re.split(r"[\r\n]", stopped.err) if line and "%|" not in line]
    told = [line for line in told if not line.startswith("warning: ")]
    assert told == ["interrupted: run the same command again to go on from here"]
    assert not list(tmp_path.rglob("results.json")) and not (tmp_path / "e").exists()
    resume(tmp_path, uninterrupted)


def test_a_kill_loses_only_what_was_not_finished(tmp_path: Path, uninterrupted: Done) -> None:
    assert interrupted(tmp_path, signal.SIGKILL).code == -signal.SIGKILL
    resume(tmp_path, uninterrupted)


def test_a_kill_costs_a_training_no_more_than_an_epoch(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    # Four steps an epoch, of 64 sets each.
    many = {"training_updates": 256, "epochs": 30, "epoch_steps": 4, "patience": 30}
    uninterrupted = train("msr", whole, **many)
    assert not list(whole.rglob("training"))
    process = start("msr", broken, **many)
    wait_for(broken, "r/*/msr/*/training/msr.npz", process)
    process.kill()
    assert finish(process, broken).code == -signal.SIGKILL
    again = train("msr", broken, **many)
    # What was trained before BM-GAN is not trained again, and BM-GAN does not begin at zero.
    assert "training autoencoder" not in again.err and "training lde" not in again.err
    first = re.search(r"training msr: .*?(\d+)/120", again.err)
    assert first and int(first[1]) > 0
    assert again.figures == uninterrupted.figures
    assert not list(broken.rglob("training"))


def test_another_seed_is_another_experiment(tmp_path: Path, uninterrupted: Done) -> None:
    other = train("li", tmp_path, seed=1, **MANY)
    assert set(made(tmp_path)).isdisjoint(made(uninterrupted.folder))
    # With six updates two attacks may well be right equally often.
    told = ("metrics", "baselines", "gains")
    assert [other.figures[key] for key in told] != [uninterrupted.figures[key] for key in told]
