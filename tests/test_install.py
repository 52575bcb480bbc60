"""`make install` with stand-ins for Python and pip: it makes, keeps, mends or refuses at once."""

import subprocess
from pathlib import Path

import pytest

from tests.checkout import Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout whose python3 is a good stand-in."""
    made = Checkout(tmp_path)
    made.python()
    return made


def sentence(done: "subprocess.CompletedProcess[str]") -> str:
    """The one line on standard error beside make's own."""
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    return line


@pytest.mark.parametrize(
    ("target", "version"), [("install", "3.14"), ("run", "3.14"), ("install", "3.6")]
)
def test_a_python_without_tensorflow_is_refused_before_anything_is_installed(
    checkout: Checkout, target: str, version: str
) -> None:
    own = checkout.python("other", version)
    checkout.python("python3.13", "3.13")
    assert sentence(checkout.make(target, f"PYTHON={own}")) == (
        "Expected Python 3.11 to 3.13, for which TensorFlow is released. "
        f"Received Python {version}.0 ({own}). Run: make PYTHON=python3.13"
    )
    assert not checkout.venv.exists()
    assert checkout.installs == []


def test_no_such_python(checkout: Checkout) -> None:
    done = checkout.make("PYTHON=python3.99", "install")
    assert done.returncode == 2
    assert "Received python3.99, which is not found. Try: make PYTHON=python3" in done.stderr


def test_all_is_installed_once_though_the_path_has_spaces(checkout: Checkout) -> None:
    assert "Installing packages into .venv" in checkout.make("install").stdout
    ((place, arguments),) = checkout.installs
    assert place == str(checkout.home)
    assert "--constraint constraints.txt --editable .[" in arguments
    again = checkout.make("install")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert len(checkout.installs) == 1


@pytest.mark.parametrize("name", ["setup.cfg", "constraints.txt"])
def test_other_requirements_are_installed_into_the_same_environment(
    checkout: Checkout, name: str
) -> None:
    checkout.make("install")
    (checkout.venv / "mine").touch()
    with (checkout.home / name).open("a") as file:
        file.write("# more\n")
    checkout.make("install")
    assert len(checkout.installs) == 2
    assert (checkout.venv / "mine").exists()


def without_pip(checkout: Checkout) -> None:
    checkout.make("install")
    (checkout.venv / "bin" / "python").write_text("#!/bin/sh\necho No module named pip\nexit 1\n")


def without_python(checkout: Checkout) -> None:
    checkout.make("install")
    (checkout.venv / "bin" / "python").unlink()
    (checkout.venv / "bin" / "python").symlink_to("/no/such/python")


def of_an_old_python(checkout: Checkout) -> None:
    checkout.make("install")
    (checkout.venv / "bin" / "python").write_text("#!/bin/sh\necho '[3, 9]'\n")


def half_made(checkout: Checkout) -> None:
    (checkout.venv / "bin").mkdir(parents=True)


def a_broken_link(checkout: Checkout) -> None:
    checkout.venv.symlink_to("/no/such/folder")


def moved(checkout: Checkout) -> None:
    checkout.make("install", "VENV=elsewhere")
    (checkout.home / "elsewhere").rename(checkout.venv)


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (without_pip, "has no working Python with pip"),
        (without_python, "has no working Python with pip"),
        (of_an_old_python, "is of Python 3.9"),
        (half_made, "was left half-made"),
        (a_broken_link, "was left half-made"),
        (moved, "was made as "),
    ],
)
def test_a_broken_environment_is_made_anew_and_said(checkout: Checkout, broken, fault) -> None:
    broken(checkout)
    before = len(checkout.installs)
    done = checkout.make("install")
    assert done.returncode == 0
    said, _ = done.stdout.splitlines()
    assert said.startswith(f".venv {fault}")
    assert said.endswith("it is made anew.")
    assert len(checkout.installs) == before + 1
    assert checkout.make("install").stdout == ""


def test_an_environment_of_another_python_is_made_anew_where_one_was_asked_for(
    checkout: Checkout,
) -> None:
    checkout.make("install")
    other = checkout.python("other", "3.13")
    assert (
        ".venv is of Python 3.12: it is made anew."
        in checkout.make("install", f"PYTHON={other}").stdout
    )
    assert checkout.make("install", f"PYTHON={other}").stdout == ""
    # Nobody asked for the usual python3, be it too new: what works is kept.
    checkout.python("python3", "3.14")
    kept = checkout.make("install")
    assert (kept.returncode, kept.stdout) == (0, "")


def test_a_python_that_is_refused_leaves_the_environment_alone(checkout: Checkout) -> None:
    checkout.make("install")
    assert "Python 3.14" in sentence(
        checkout.make("install", f"PYTHON={checkout.python('new', '3.14')}")
    )
    assert checkout.make("install").stdout == ""


def test_a_folder_of_other_things_is_never_removed(checkout: Checkout) -> None:
    mine = checkout.home / "data" / "mine"
    mine.parent.mkdir()
    mine.write_text("years of work")
    assert "Expected a virtual environment, or no such folder. Received" in sentence(
        checkout.make("install", "VENV=data")
    )
    assert mine.read_text() == "years of work"


@pytest.mark.parametrize("module", ["ensurepip", "venv"])
def test_debian_without_its_venv_package(checkout: Checkout, module: str) -> None:
    checkout.python("python3", "3.11", missing=module)
    said = sentence(checkout.make("install"))
    assert said.endswith("On Debian or Ubuntu: sudo apt install python3.11-venv")
    assert not checkout.venv.exists()


def test_venv_fails_and_leaves_nothing(checkout: Checkout) -> None:
    checkout.python(venv='mkdir -p "$3/bin"; echo no room for it; exit 1')
    assert "Expected python -m venv to succeed. Received no room for it." in sentence(
        checkout.make("install")
    )
    assert not checkout.venv.exists()


UNREACHABLE = (
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'\\n"
    "ERROR: Could not find a version that satisfies the requirement setuptools>=68\\n"
    "ERROR: No matching distribution found for setuptools>=68"
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (UNREACHABLE, "Expected PyPI within reach. Received No matching distribution found for"),
        (
            "  ERROR: Could not find a version that satisfies the requirement setuptools",
            "Expected PyPI",
        ),
        ("ERROR: No matching distribution found for tensorflow", "Expected packages for this"),
        ("ERROR: [Errno 28] No space left on device", "Expected 3 GB of room on the disk."),
        ("ERROR: a wheel is odd", "Expected pip to install all packages. Received a wheel is odd"),
    ],
)
def test_the_end_of_pip_is_one_sentence_and_the_same_command_goes_on(
    checkout: Checkout, words: str, expected: str
) -> None:
    checkout.python(pip=f"printf '%b\\n' \"{words}\"; exit 1")
    said = sentence(checkout.make("install"))
    assert said.startswith(expected)
    assert str(checkout.venv / "pip.log") in said
    inside = checkout.venv / "bin" / "python"
    inside.write_text(inside.read_text().replace("exit 1", "exit 0"))
    assert checkout.make("install").stdout.startswith("Installing packages into .venv")
    assert checkout.make("install").stdout == ""
