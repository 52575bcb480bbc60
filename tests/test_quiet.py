"""Standard error is closed to chatter, and open again afterwards."""

import logging
import os

import pytest

from ulk_tf.quiet import import_tensorflow, silenced


def test_what_c_code_writes_is_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before\n")
    with silenced():
        os.write(2, b"chatter\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


def test_an_error_opens_it_again(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="ours"), silenced():
        raise ValueError("ours")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


@pytest.mark.parametrize("name", ["tensorflow", "absl"])
def test_libraries_log_errors_only(name: str) -> None:
    logging.getLogger(name).setLevel(logging.INFO)
    import_tensorflow()
    assert logging.getLogger(name).level == logging.ERROR
