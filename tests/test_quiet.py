"""Standard error is closed to chatter, and open again afterwards."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ulk_tf.quiet import import_tensorflow, silenced

ROOT = Path(__file__).parents[1]


def test_what_c_code_writes_is_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before\n")
    with silenced():
        os.write(2, b"chatter\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


def test_an_error_opens_it_again_and_shows_what_was_held_back(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ValueError, match="ours"), silenced():
        os.write(2, b"the reason\n")
        raise ValueError("ours")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "the reason\nafter\n"


@pytest.mark.parametrize("end", ["os.abort()", "os.kill(os.getpid(), 9)", "os._exit(3)"])
def test_the_reason_of_a_process_that_dies_is_shown(end: str) -> None:
    code = (
        "import os\nfrom ulk_tf.quiet import silenced\n"
        f"with silenced():\n    os.write(2, b'needs AVX\\n')\n    {end}"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode != 0
    assert "needs AVX" in done.stderr


def test_tensorflow_and_keras_import_matplotlib_without_the_user_s_backend(
    tmp_path: Path,
) -> None:
    (tmp_path / "tensorflow.py").write_text(
        "import os\nassert 'MPLBACKEND' not in os.environ\n"
        "class config:\n    list_physical_devices = staticmethod(list)\n"
    )
    code = "from ulk_tf.quiet import import_tensorflow\nimport_tensorflow()\nimport os\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}print(os.environ['MPLBACKEND'])"],
        env={**os.environ, "MPLBACKEND": "nonsense", "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout == "nonsense\n", done.stderr


@pytest.mark.parametrize("name", ["tensorflow", "absl"])
def test_libraries_log_errors_only(name: str) -> None:
    logging.getLogger(name).setLevel(logging.INFO)
    import_tensorflow()
    assert logging.getLogger(name).level == logging.ERROR


@pytest.mark.parametrize(
    ("before", "own", "expected"),
    [
        ("", None, "1"),
        ("", "0", "0"),
        ("import sys; sys.modules['tensorflow'] = sys", None, "None"),
    ],
    ids=["unset", "the user's own", "too late"],
)
def test_fast_kernels_are_asked_for_before_tensorflow_looks(
    before: str, own: str | None, expected: str
) -> None:
    variable = "TF_ENABLE_ONEDNN_OPTS"
    environment = {name: value for name, value in os.environ.items() if name != variable}
    environment |= {} if own is None else {variable: own}
    told = subprocess.run(
        [sys.executable, "-c", f"{before}\nimport os, ulk_tf; print(os.environ.get('{variable}'))"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert told.stdout.strip() == expected
