"""One build at a time in a folder, and the system's refusals as one sentence."""

import errno
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ulk_tf.corpus.locks import disk_errors, locked
from ulk_tf.errors import UserError

HOLD = """
    import sys, time
    from pathlib import Path
    from ulk_tf.corpus.locks import locked

    with locked(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(60)
"""


def test_a_folder_is_held_by_one(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "corpus"
    with locked(folder):
        with pytest.raises(UserError, match=r"the only one that .*Wait for it"), locked(folder):
            pytest.fail("held twice")
        with locked(tmp_path / "other"):
            pass
    with locked(folder):
        pass


def test_the_lock_of_a_killed_process_is_gone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(HOLD), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(UserError, match="another process at work"), locked(tmp_path):
            pytest.fail("held twice")
        (tmp_path / ".plan.npz.abc.tmp").write_text("half")
        holder.kill()
        holder.wait()
        with locked(tmp_path):
            assert [path.name for path in tmp_path.iterdir()] == ["LOCK"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_refusals_of_the_system_are_told(code: int, tmp_path: Path) -> None:
    told = r"room and permission.*Received refused.*choose another --runs_dir"
    with pytest.raises(UserError, match=told), disk_errors(tmp_path):
        raise OSError(code, "refused")


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "corpus").write_text("a file")
    told = r"room and permission to write to"
    with pytest.raises(UserError, match=told), locked(tmp_path / "corpus"):
        pytest.fail("held a file")


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOTSUP])
def test_a_file_system_without_locks_is_said_and_used(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, "no locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with locked(tmp_path / "corpus"):
        (tmp_path / "corpus" / "file").touch()
    told = capsys.readouterr().err
    assert "a file system without locks" in told and "put --runs_dir on a local disk" in told
