"""A Ray cluster gives the same bytes, though a node dies, and says so where it is missing."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.corpus import building
from tests.corpus.odd_jobs import Odd
from tests.corpus.settings import DATASETS, built, contents, trainer
from ulk_tf.corpus import executors
from ulk_tf.errors import UserError
from ulk_tf.settings.config import ExecutionConfig


def test_without_ray_the_error_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "ulk_tf.corpus.ray_executor", raising=False)
    with pytest.raises(UserError, match=r"Ray to be installed .* pip install 'ulk_tf\[ray\]'"):
        built(tmp_path, executor="ray")
    assert not any(tmp_path.iterdir())


def test_a_python_that_ray_cannot_start_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'ulk_tf[ray]'")
    monkeypatch.setattr(sys, "executable", "/home/ann/my work/.venv/bin/python")
    with pytest.raises(UserError, match=r"without spaces .* --executor=processes"):
        built(tmp_path, executor="ray")
    assert not any(tmp_path.iterdir())


def test_all_lines_of_what_ray_says_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'ulk_tf[ray]'")

    def init(*_: object, **__: object) -> None:
        raise RuntimeError("Version mismatch:\n    The cluster was started with:\n    Ray: 1.0")

    monkeypatch.setattr(ray, "init", init)
    told = r"Received auto \(Version mismatch: The cluster was started with: Ray: 1\.0\)"
    with pytest.raises(UserError, match=told):
        built(tmp_path, executor="ray", ray_address="auto")
    assert not any(tmp_path.iterdir())


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head without cores, and a node of one core; a test that needs more adds them."""
    if " " in sys.executable:
        pytest.skip("Ray starts no worker where the path of Python has spaces")
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'ulk_tf[ray]'")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RAY_USAGE_STATS_ENABLED", "0")
        running = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
        running.add_node(num_cpus=1)
        running.wait_for_nodes()
        yield running
        running.shutdown()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_same_bytes_though_a_node_is_killed(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ulk_tf.corpus.ray_executor import Ray

    for _ in range(2):
        cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    killed: list[Any] = []

    class Harassed(Ray):
        def run(self, jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
            for done, finished in enumerate(super().run(jobs)):
                if len(jobs) > 4 and done == 3:
                    killed.append(sorted(cluster.worker_nodes, key=str)[0])
                    cluster.remove_node(killed[0], allow_graceful=False)
                yield finished

    monkeypatch.setitem(executors.EXECUTORS, "ray", Harassed)
    built(tmp_path / "ray", executor="ray", ray_address=cluster.address, chunk_size=9)
    assert len(killed) == 1
    built(tmp_path / "processes", executor="processes")
    assert contents(tmp_path / "ray") == contents(tmp_path / "processes")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_errors_and_deaths_of_jobs(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ulk_tf.corpus import ray_executor

    monkeypatch.setattr(ray_executor, "MAX_ATTEMPTS", 2)
    with executors.open_executor(
        ExecutionConfig(executor="ray", ray_address=cluster.address), DATASETS
    ) as crew:
        jobs = [Odd(0), Odd(1, "dies once", tmp_path / "died"), Odd(2)]
        assert {number: told[:2] for number, told in crew.run(jobs)} == {
            number: (number, 1797) for number in range(3)
        }
        with pytest.raises(RuntimeError, match="ZeroDivisionError: an odd error"):
            list(crew.run([Odd(0, "raises")]))
        with pytest.raises(UserError, match=r"something even\. Received 3\. Add one\."):
            list(crew.run([Odd(3, "refuses")]))
        with pytest.raises(UserError, match=r"2 failures \(\w+\) while doing odd job 7"):
            list(crew.run([Odd(7, "dies")]))


def run(folder: Path, address: str) -> "subprocess.CompletedProcess[str]":
    """Run a trainer from the command line."""
    command = trainer(folder, executor="ray", ray_address=address)
    return subprocess.run(
        command, cwd=building.ROOT, capture_output=True, text=True, timeout=280, check=False
    )


@pytest.mark.slow
def test_from_the_command_line(cluster: Any, tmp_path: Path) -> None:
    done = run(tmp_path, cluster.address)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("results.json")
    # Ray's own logs, and those of its workers, stay where they are.
    assert "pid=" not in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:99999"])
def test_no_cluster_at_the_address(tmp_path: Path, address: str) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'ulk_tf[ray]'")
    with pytest.raises(UserError, match="--ray_address of a running Ray cluster") as refused:
        built(tmp_path, executor="ray", ray_address=address)
    assert refused.value.received.startswith(address)
    assert not any(tmp_path.iterdir())
