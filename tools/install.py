"""Make or mend the virtual environment that `make` uses: `python3 tools/install.py .venv`.

Run by `make install`, with the standard library only. Nothing happens when the environment already
holds what setup.cfg and constraints.txt ask for. It is made anew where it is of another Python
than was asked for, was moved, or was left half-made; a folder of anything else is never removed.

The first check must also run on the Pythons that it refuses, so the syntax here is that of 3.6.
"""

import argparse
import configparser
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
EXTRAS = ".[test,lint,docs,ray,onnx]"
# What decides the packages of an environment; where one of them changes, pip is asked again.
SOURCES = ("setup.cfg", "pyproject.toml", "constraints.txt", "tools/install.py")
CLASSIFIER = "Programming Language :: Python :: 3."
# Words in pip's output, what was expected then, and what to do. The first that is found counts.
REASONS = (
    (
        ("No space left on device", "Disk quota exceeded"),
        "3 GB of room on the disk",
        "Make room there, or choose another place: make VENV=<folder>.",
    ),
    (
        # The build needs setuptools before all else, which every index has.
        (
            "NewConnectionError",
            "NameResolutionError",
            "ProxyError",
            "SSLError",
            "timed out",
            "satisfies the requirement setuptools",
        ),
        "PyPI within reach",
        "Check the network, or name a mirror: PIP_INDEX_URL=<address> make install.",
    ),
    (
        ("No matching distribution", "ResolutionImpossible"),
        "packages for this Python and this machine (x86-64 Linux)",
        "Try another Python: make PYTHON=<python>.",
    ),
)
# Asked of an environment's own Python: which it is, and whether pip is there.
PROBE = "import json, sys, pip; print(json.dumps(list(sys.version_info[:2])))"


class Refused(Exception):
    """Something is not as it must be: one sentence, exit code 2."""

    def __init__(self, expected, received, remedy):
        super().__init__(f"Expected {expected}. Received {received}. {remedy}")


def main():
    """Make, mend or keep the environment that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("venv", type=Path)
    parser.add_argument(
        "--chosen", action="store_true", help="this Python was asked for: keep none of another"
    )
    given = parser.parse_args()
    try:
        install(given.venv.absolute(), given.chosen)
    except Refused as refused:
        sys.exit(_failed(str(refused)))
    except KeyboardInterrupt:
        _failed(f"Interrupted. The same command goes on with {given.venv}.")
        sys.exit(130)


def install(venv, chosen):
    """Bring an environment to where setup.cfg and constraints.txt want it.

    Args:
        venv: its folder.
        chosen: whether the user named the Python that runs this.

    Raises:
        Refused: it cannot be done; an environment that worked is as it was.
    """
    fault = "" if not _is_anything(venv) else why_anew(venv, chosen)
    if fault is not None:
        check_python()
        make(venv, fault)
    stamp, wanted = venv / ".installed", contents(venv)
    if not stamp.is_file() or stamp.read_text() != wanted:
        fill(venv)
        stamp.write_text(wanted)


def supported():
    """Return the minor versions of Python 3 that setup.cfg names, ascending."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(str(HOME / "setup.cfg"), encoding="utf-8")
    lines = config["metadata"]["classifiers"].splitlines()
    return sorted(int(line[len(CLASSIFIER) :]) for line in lines if line.startswith(CLASSIFIER))


def check_python():
    """Raise `Refused` unless the Python that runs this can make an environment for us."""
    minors = supported()
    here = f"Python {sys.version.split()[0]} ({sys.executable})"
    if sys.version_info[0] != 3 or sys.version_info[1] not in minors:
        newest = f"python3.{minors[-1]}"
        names = (f"python3.{minor}" for minor in reversed(minors))
        found = next((name for name in names if _runs(name)), None)
        install = "" if found else f"Install {newest}, then "
        remedy = f"{install}run: make PYTHON={found or newest}"
        remedy = remedy[0].upper() + remedy[1:]
        wanted = f"Python 3.{minors[0]} to 3.{minors[-1]}, for which TensorFlow is released"
        raise Refused(wanted, here, remedy)
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian leaves it out
        import venv  # noqa: F401, PLC0415
    except ImportError as error:
        remedy = f"On Debian or Ubuntu: sudo apt install python3.{sys.version_info[1]}-venv"
        raise Refused("a Python with venv and ensurepip", f"{here} without", remedy) from error


def why_anew(venv, chosen):
    """Tell what is wrong with an environment so that it must be made anew; None: keep it.

    Args:
        venv: its folder.
        chosen: whether it must be of the Python that runs this.

    Raises:
        Refused: the folder holds something else.
    """
    if not (venv / "pyvenv.cfg").is_file():
        # `python -m venv` writes pyvenv.cfg first: what holds files and not that one is no venv.
        if any(path.is_file() for path in venv.rglob("*")):
            raise Refused(
                "a virtual environment, or no such folder", venv, "Name another: make VENV=<folder>"
            )
        return "was left half-made"
    stamp = venv / ".installed"
    place = stamp.read_text().splitlines()[:1] if stamp.is_file() else []
    # Its scripts hold the path of their Python, so it only works where it was made.
    if place and place != [os.path.realpath(str(venv))]:
        return f"was made as {place[0]}"
    done = _run([str(venv / "bin" / "python"), "-c", PROBE])
    try:
        version = json.loads(done.stdout.splitlines()[-1])
    except (AttributeError, IndexError, ValueError):  # it did not start, or did not answer
        return "has no working Python with pip"
    if chosen and version != list(sys.version_info[:2]):
        return "is of Python {}.{}".format(*version)
    if version[0] != 3 or version[1] not in supported():
        return "is of Python {}.{}".format(*version)
    return None


def make(venv, fault):
    """Make an empty environment, in the place of one with a fault.

    Args:
        venv: its folder.
        fault: what is wrong with the one that is there; empty where there is none.

    Raises:
        Refused: Python's venv failed.
    """
    python = _base_python()
    if fault:
        print(f"{venv.name} {fault}: it is made anew.", flush=True)
        if venv.is_symlink():
            venv.unlink()
        else:
            shutil.rmtree(str(venv))
    done = _run([python, "-m", "venv", str(venv)])
    if done is None or done.returncode != 0:
        shutil.rmtree(str(venv), ignore_errors=True)
        words = (done.stdout.strip() if done else "").splitlines() or ["no word"]
        raise Refused("python -m venv to succeed", words[-1], "Try another: make PYTHON=<python>.")


def fill(venv):
    """Install the package as it lies here, with its extras.

    Args:
        venv: an environment with pip.

    Raises:
        Refused: pip failed; its own words are in <venv>/pip.log.
    """
    print(f"Installing packages into {venv.name}: one to some minutes, 3 GB, once.", flush=True)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    log = venv / "pip.log"
    with log.open("w") as output:
        done = subprocess.run(
            [*pip, "install", "--constraint", "constraints.txt", "--editable", EXTRAS],
            cwd=str(HOME),
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        raise explained(log.read_text(errors="replace"), log)


def explained(words, log):
    """Turn what pip printed into one sentence.

    Args:
        words: all of it.
        log: the file that it is in.
    """
    # What a build prints is indented, and framed.
    errors = re.findall(r"^\W*ERROR: (.+)$", words, re.MULTILINE)
    last = errors[-1].strip() if errors else "an end without a reason"
    for signs, expected, remedy in REASONS:
        if any(sign in words for sign in signs):
            return Refused(expected, f"{last} ({log})", remedy)
    return Refused("pip to install all packages", f"{last} ({log})", "Mend that and run it again.")


def contents(venv):
    """Return what decides an environment's packages: its place, the package's, and digests."""
    parts = (hashlib.sha256((HOME / name).read_bytes()).hexdigest() for name in SOURCES)
    return "\n".join([os.path.realpath(str(venv)), str(HOME), *parts])


def _is_anything(path):
    """Tell whether there is something at a path, a broken link included."""
    return path.exists() or path.is_symlink()


def _base_python():
    """Return this Python, or the one below it where it lives in an environment itself.

    After `. .venv/bin/activate`, python3 is the very file that may be removed.
    """
    base = Path(sys.base_prefix, "bin", "python{}.{}".format(*sys.version_info[:2]))
    return str(base) if sys.prefix != sys.base_prefix and base.exists() else sys.executable


def _run(command):
    """Run a command; None where it cannot even start."""
    try:
        return subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
            env={k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")},
        )
    except OSError:
        return None


def _runs(python):
    """Tell whether a Python is installed, and not only its name (pyenv has one for each)."""
    done = _run([python, "-c", "import ensurepip"])
    return done is not None and done.returncode == 0


def _failed(sentence):
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
