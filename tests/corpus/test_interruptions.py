"""A build that is killed at any moment is gone on with, to the same bytes."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.corpus import building
from tests.corpus.conftest import ByOneWorker
from tests.corpus.settings import FILES_WRITTEN, contents, trainer

# In the plan, a base model, the first and a later shard, a manifest, and the last file.
MOMENTS = [
    (1, "before"), (1, "after"), (3, "before"), (3, "after"), (6, "before"), (6, "after"),
    (7, "before"), (12, "before"), (12, "after"), (13, "before"), (FILES_WRITTEN, "before"),
]  # fmt: skip


def run(folder: Path, *moment: object, **flags: object) -> int:
    process = building.start(folder, *moment, **flags)
    told, _ = process.communicate(timeout=250)
    assert process.returncode in (0, -signal.SIGKILL), told
    return process.returncode


def workers_of(session: int) -> list[int]:
    """Processes of a session that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.fixture
def reference(by_one_worker: ByOneWorker) -> dict[str, str]:
    """What an uninterrupted build leaves."""
    return by_one_worker.contents


@pytest.mark.slow
def test_a_parent_killed_among_its_shards(tmp_path: Path, reference: dict[str, str]) -> None:
    process = building.start(tmp_path, 13, "before", executor="processes", workers=2)
    process.wait(250)
    assert process.returncode == -signal.SIGKILL
    # Its workers notice, rather than live on for ever.
    until = time.monotonic() + 60
    while workers_of(process.pid) and time.monotonic() < until:
        time.sleep(0.2)
    assert not workers_of(process.pid)
    assert process.stdout is not None
    process.stdout.close()
    half = contents(tmp_path)
    sound = {name: value for name, value in half.items() if ".tmp" not in name}
    finished = {name for name in sound if "MANIFEST" not in name}
    assert len(finished) == 9 and all(reference[name] == sound[name] for name in finished)
    assert len(half) == len(sound) + 1, "the file that was being written"
    assert run(tmp_path) == 0
    assert contents(tmp_path) == reference


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_again_and_again(tmp_path: Path, reference: dict[str, str]) -> None:
    # Each run gets a little further: it dies at its third file.
    runs = 0
    while run(tmp_path, 3 + runs % 2, ("before", "after")[runs % 2]) != 0:
        runs += 1
        assert runs < FILES_WRITTEN
    assert runs >= 4
    assert contents(tmp_path) == reference


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_killed_at_any_moment(
    moment: tuple[int, str], tmp_path: Path, reference: dict[str, str]
) -> None:
    assert run(tmp_path, *moment) == -signal.SIGKILL
    assert contents(tmp_path) != reference
    assert run(tmp_path) == 0
    assert contents(tmp_path) == reference


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_interrupt_leaves_130_and_the_next_run_goes_on(tmp_path: Path) -> None:
    command = trainer(tmp_path, training_updates=3000, executor="processes")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=building.ROOT, start_new_session=True, **quiet) as process:
        until = time.monotonic() + 200
        while not list(tmp_path.rglob("shadow-*_*.npz")) and time.monotonic() < until:
            time.sleep(0.05)
        # As a terminal does: everybody in the group.
        os.killpg(process.pid, signal.SIGINT)
        told = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "Traceback" not in told
    assert not workers_of(process.pid)
    (folder,) = (tmp_path / "runs" / "digits" / "corpus").iterdir()
    half = {p.name: p.stat().st_mtime_ns for p in folder.glob("shadow-*_*.npz")}
    assert 0 < len(half) < 24 and not list(tmp_path.rglob("*.tmp"))
    done = subprocess.run(command, cwd=building.ROOT, check=False, timeout=280, **quiet)
    assert done.returncode == 0, done.stderr
    whole = {p.name: p.stat().st_mtime_ns for p in folder.glob("shadow-*_*.npz")}
    assert half.items() < whole.items()
