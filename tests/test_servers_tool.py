"""Environments of model servers: kept when complete, made again when what they hold changed."""

from pathlib import Path

import pytest

from tools import servers


def built(folder: Path, name: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / servers.STAMP).write_text(servers._wanted(name))


def test_a_complete_environment_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers.subprocess, "run", lambda *_, **__: pytest.fail("made again"))
    for name in servers.SERVERS:
        assert not servers.is_built(tmp_path, name)
        built(tmp_path, name)
    servers.main([str(tmp_path)])
    monkeypatch.setitem(servers.SERVERS, "mlflow", ("mlflow-skinny==0",))
    assert servers.is_built(tmp_path, "mlserver")
    assert not servers.is_built(tmp_path, "mlflow")


def test_what_pip_says_is_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], stdout: object = None, **_: object) -> object:
        if hasattr(stdout, "write"):
            stdout.write("Collecting\nERROR: no network\n")
        return servers.subprocess.CompletedProcess(command, 1 if stdout else 0)

    monkeypatch.setattr(servers.subprocess, "run", fail)
    with pytest.raises(SystemExit, match=r"Received ERROR: no network .*pip.log"):
        servers.main([str(tmp_path), "mlflow"])
    assert not servers.is_built(tmp_path, "mlflow")
    with pytest.raises(SystemExit) as ended:
        servers.main([str(tmp_path), "triton"])
    assert ended.value.code == 2
