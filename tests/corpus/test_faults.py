"""Full disks, read-only folders and two builds at once: one sentence, and nothing that is lost."""

import errno
import os
import resource
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.corpus.conftest import Asked
from tests.corpus.settings import built, contents, digits, folder_of, tiny
from ulk_tf.corpus.build import build_corpus
from ulk_tf.corpus.locks import locked
from ulk_tf.errors import UserError

REFUSED = r"room and permission to write to .*choose another --runs_dir, then run again"


@pytest.fixture
def bases(home: Path, tmp_path: Path) -> Path:
    """A folder of one's own with the base models, and no updates yet."""
    shutil.copytree(home / "digits" / "bases", tmp_path / "runs" / "digits" / "bases")
    return tmp_path / "runs"


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse to write more than `size` bytes to a file, in the midst of it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# The plan has 3.9 kB, a shard of 16 updates 4.6 kB.
@pytest.mark.parametrize("size", [1000, 4200], ids=["the first file", "the first shard"])
def test_a_disk_that_fills_up_while_a_file_is_written(
    home: Path, bases: Path, asked: Asked, size: int
) -> None:
    with files_of_at_most(size), pytest.raises(UserError, match=REFUSED):
        built(bases)
    left = [path.name for path in bases.rglob("*") if "corpus" in path.parts and path.is_file()]
    assert sorted(left) == (["LOCK"] * 2 + ["plan.npz"] * 2 if size == 4200 else ["LOCK"])
    built(bases)
    assert contents(bases) == contents(home)


def test_a_disk_that_fills_up_after_some_shards(
    home: Path, bases: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Space is often taken no sooner than data is synced.
    count, sync = iter(range(100)), os.fsync

    def refuse(file: int) -> None:
        if next(count) >= 9:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(file)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse)
        with pytest.raises(UserError, match=r"No space left on device\. Make room"):
            built(bases)
    half = contents(bases)
    assert not [name for name in half if ".tmp" in name]
    asked.look()
    # The folder was tried, two plans, three shards and their manifests were written.
    built(bases)
    assert asked.look() == (0, 105 - (16 + 16 + 8))
    assert contents(bases) == contents(home)


def test_a_disk_that_fills_up_among_base_models(home: Path, tmp_path: Path) -> None:
    with files_of_at_most(50_000), pytest.raises(UserError, match=REFUSED):
        built(tmp_path)
    assert not list(tmp_path.rglob("*-*.npz")) and not list(tmp_path.rglob("*.tmp"))
    built(tmp_path)
    assert contents(tmp_path) == contents(home)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Take away the right to write to a folder, from the administrator too."""
    folder.chmod(0o555)
    attribute = shutil.which("chattr") if os.geteuid() == 0 else None
    if attribute and subprocess.run([attribute, "+i", folder], check=False).returncode:
        attribute = None
    try:
        if os.geteuid() == 0 and not attribute:
            pytest.skip("the administrator may write anywhere on this file system")
        yield
    finally:
        if attribute:
            subprocess.run([attribute, "-i", folder], check=True)
        folder.chmod(0o755)


@pytest.mark.parametrize("part", [".", "digits/bases", "corpus"])
def test_a_read_only_folder(
    home: Path, bases: Path, asked: Asked, part: str, tmp_path: Path
) -> None:
    folder = folder_of(bases)
    folder.mkdir(parents=True)
    closed = folder if part == "corpus" else bases / part
    if part == ".":
        shutil.rmtree(bases / "digits")
    told = "--runs_dir that can be written" if part == "." else REFUSED
    # What is there already can be read, but nothing can be added.
    new = {"training_bases": 3} if part == "digits/bases" else {}
    with read_only(closed), pytest.raises(UserError, match=told):
        built(bases, **new)
    assert not [name for name in contents(bases) if "shadow-000_" in name]
    built(bases)
    assert contents(bases) == contents(home)


def test_two_builds_of_one_corpus(home: Path, bases: Path) -> None:
    folder = folder_of(bases)
    with locked(folder), pytest.raises(UserError, match="the only one that builds"):
        built(bases)
    built(bases)
    assert contents(bases) == contents(home)


def test_two_builds_at_the_same_moment(home: Path, bases: Path) -> None:
    # Threads, for they start closer together than processes; the lock tells them apart as well.
    data, together = digits(), threading.Barrier(4)
    outcomes: list[object] = []

    def build() -> None:
        together.wait()
        try:
            outcomes.append(build_corpus(tiny(bases), data))
        except UserError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=build) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert 1 <= len(refused) <= 3 and all("the only one that builds" in told for told in refused)
    assert contents(bases) == contents(home)


def test_corpora_of_the_same_data_may_be_built_at_once(home: Path, bases: Path) -> None:
    with locked(folder_of(bases, set_size=4)):
        built(bases)
    assert contents(bases).items() >= contents(home).items()


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ("update_learning_rate", "finite posteriors after updates of base model .*Lower --update_"),
        ("base_learning_rate", "finite weights of base model .*Lower --base_learning_rate"),
    ],
)
def test_a_rate_that_overflows_ends_the_run_and_says_what_to_lower(
    bases: Path, flag: str, told: str
) -> None:
    with pytest.raises(UserError, match=told):
        build_corpus(tiny(bases, **{flag: 1e38}), digits())
    assert not list(bases.rglob("shadow-000_*.npz"))
