"""Real servers, each in a process of its own Python, on this machine alone."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tools import servers

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "build" / "servers"
NEEDED = "ULK_TF_NEED_SERVERS"
HERE = Path(__file__).parent
UP = 90  # seconds


def python_of(name):
    """The Python of a server's environment; skips the test where there is none."""
    if not servers.is_built(FOLDER, name):
        reason = f"{name} is not installed in {FOLDER}: make servers"
        (pytest.fail if os.environ.get(NEEDED) else pytest.skip)(reason)
    return servers.python_of(FOLDER, name)


def environment(python, **more):
    """Variables of a server's process: its own programs first, the tests importable."""
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    path = f"{python.parent}{os.pathsep}{kept.get('PATH', '')}"
    return kept | {"PATH": path, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"} | more


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def running(command, ready, log, **options):
    """Run a server until the end of the block; `ready` is a URL that answers 200 when it is up."""
    with log.open("w") as output:
        process = subprocess.Popen(
            list(map(str, command)),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **options,
        )
    try:
        deadline = time.monotonic() + UP
        while not _answers(ready):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{command[0]} did not start: {log.read_text()[-2000:]}")
            time.sleep(0.2)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


@contextlib.contextmanager
def mlserver(folder):
    """MLServer with versions 1 and 2 of one model; gives the model's URL."""
    python = python_of("mlserver")
    http, grpc, metrics = free_ports(3)
    for version in ("1", "2"):
        home = folder / f"toy-{version}"
        home.mkdir()
        shutil.copy(HERE / "mlserver_model.py", home / "mlserver_model.py")
        settings = {
            "name": "toy",
            "implementation": "mlserver_model.Model",
            "parameters": {"version": version},
            "inputs": [{"name": "pixels", "datatype": "FP32", "shape": [-1, 16]}],
            "outputs": [
                {"name": "label", "datatype": "INT64", "shape": [-1]},
                {"name": "chances", "datatype": "FP64", "shape": [-1, 3]},
            ],
        }
        (home / "model-settings.json").write_text(json.dumps(settings))
    settings = {"host": "127.0.0.1", "http_port": http, "grpc_port": grpc}
    settings |= {"metrics_port": metrics, "parallel_workers": 0}
    (folder / "settings.json").write_text(json.dumps(settings))
    url = f"http://127.0.0.1:{http}/v2"
    with running(
        [python.with_name("mlserver"), "start", folder],
        f"{url}/models/toy/versions/2/ready",
        folder / "log",
        env=environment(python),
        cwd=folder,
    ):
        yield f"{url}/models/toy"


@contextlib.contextmanager
def mlflow(folder):
    """Two of MLflow's scoring servers: version 1 as an array, version 2 as a table."""
    python = python_of("mlflow")
    subprocess.run(
        [python, HERE / "mlflow_model.py", folder],
        env=environment(python),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    with contextlib.ExitStack() as stack:
        urls = []
        for kind, port in zip(("array", "table"), free_ports(2), strict=True):
            url = f"http://127.0.0.1:{port}"
            command = [python.with_name("mlflow"), "models", "serve", "-m", folder / kind]
            command += ["-h", "127.0.0.1", "-p", port, "-w", 1, "--env-manager", "local"]
            variables = environment(python, ULK_TF_TEST_MODEL=kind)
            log = folder / f"{kind}.log"
            stack.enter_context(running(command, f"{url}/ping", log, env=variables, cwd=folder))
            urls.append(f"{url}/invocations")
        yield urls
