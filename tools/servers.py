"""Make environments of model servers for the tests: `python -m tools.servers build/servers`.

Each server gets a virtual environment of its own, since it needs other releases of packages than
this project; tests start it on this machine and probe it. An environment that is complete is kept.
The standard library is all that this needs.
"""

import argparse
import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# What pip installs for each server. The releases are those that the tests were written for.
SERVERS = {
    "mlserver": ("mlserver==1.7.1",),
    "mlflow": ("mlflow-skinny==3.17.2", "numpy>=2,<3", "pandas>=2.2,<4"),
}
STAMP = ".installed"


def python_of(folder: Path, name: str) -> Path:
    """Return the Python of a server's environment.

    Args:
        folder: of all environments.
        name: of the server.
    """
    return folder / name / "venv" / "bin" / "python"


def is_built(folder: Path, name: str) -> bool:
    """Tell whether a server's environment is complete and holds what this file asks for."""
    stamp = folder / name / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _wanted(name)


def build(folder: Path, name: str) -> None:
    """Make a server's environment, unless it is complete.

    Args:
        folder: of all environments.
        name: of the server.

    Raises:
        SystemExit: pip failed; its words are in <folder>/<name>/pip.log.
    """
    if is_built(folder, name):
        return
    print(f"Installing {name} into {folder / name}: about a minute, 350 MB, once.", flush=True)
    home = folder / name
    home.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(home / "venv")], check=True)
    pip = [str(python_of(folder, name)), "-m", "pip", "install", "--disable-pip-version-check"]
    log = home / "pip.log"
    with log.open("w") as output:
        done = subprocess.run(
            [*pip, "--no-input", *SERVERS[name]],
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        words = log.read_text(errors="replace").strip().splitlines() or ["no word"]
        raise SystemExit(f"Expected pip to install {name}. Received {words[-1]} ({log}).")
    (home / STAMP).write_text(_wanted(name), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Make all environments, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of all environments, such as build/servers")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(SERVERS)}; all without any")
    given = parser.parse_args(arguments)
    unknown = sorted({*given.names} - {*SERVERS})
    if unknown:
        parser.error(f"no such server: {', '.join(unknown)}")
    for name in given.names or SERVERS:
        build(given.folder, name)


def _wanted(name: str) -> str:
    text = "\n".join([sys.version.split()[0], *SERVERS[name]])
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    main()
