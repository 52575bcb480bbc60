"""A checkout with stand-ins for Python and pip, in which `make install` runs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Runs tools/install.py as a Python of another version would, without some of its modules.
BASE = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
  {venv}
  mkdir -p "$3/bin" && echo home > "$3/pyvenv.cfg" && cp "{pip}" "$3/bin/python"; exit
fi
[ "$1" = -c ] && exec "{real}" "$@"
exec "{real}" -S -c '
import runpy, sys
sys.executable, sys.argv = sys.argv[1], sys.argv[2:]
sys.version_info, sys.version = ({version}, 0), "{dotted}.0 stand-in"
sys.base_prefix = sys.prefix
sys.modules.update(dict.fromkeys("{missing}".split()))
runpy.run_path(sys.argv[0], run_name="__main__")' "$0" "$@"
"""
# Answers as the Python of an environment: which it is, and what pip would print.
INSIDE = """#!/bin/sh
case "$*" in
  *"-m pip"*) pwd >> "{calls}"; echo "$*" >> "{calls}"; {pip} ;;
  *) echo "[{version}]" ;;
esac
"""


class Checkout:
    """A copy of what `make install` reads, in a folder whose name has spaces."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "a check out"
        self.venv = self.home / ".venv"
        self._calls = folder / "calls"
        self._bin = folder / "some bin"
        for name in ("Makefile", "setup.cfg", "pyproject.toml", "constraints.txt"):
            (self.home / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, self.home / name)
        (self.home / "tools").mkdir()
        shutil.copy(ROOT / "tools" / "install.py", self.home / "tools")
        self._bin.mkdir()

    def python(
        self,
        name: str = "python3",
        version: str = "3.12",
        missing: str = "",
        pip: str = "true",
        venv: str = "true",
    ) -> str:
        """Put a stand-in on the path, and return its own path."""
        comma = version.replace(".", ", ")
        inside = self._script(f"inside-{name}", INSIDE, calls=self._calls, pip=pip, version=comma)
        return self._script(
            name,
            BASE,
            real=sys.executable,
            pip=inside,
            venv=venv,
            version=comma,
            dotted=version,
            missing=missing,
        )

    def make(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run make in the checkout; the first `python3` is a stand-in."""
        return subprocess.run(
            ["make", "--no-print-directory", *words],
            cwd=self.home,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def _environment(self) -> Mapping[str, str]:
        own = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "PYTHON"))}
        return own | {"PATH": f"{self._bin}:{os.environ['PATH']}"}

    @property
    def installs(self) -> list[tuple[str, str]]:
        """Each call of pip: where it ran, and its arguments."""
        lines = self._calls.read_text().splitlines() if self._calls.exists() else []
        return list(zip(lines[::2], lines[1::2], strict=True))

    def _script(self, name: str, text: str, **values: object) -> str:
        path = self._bin / name
        path.write_text(text.format(**values))
        path.chmod(0o755)
        return str(path)
