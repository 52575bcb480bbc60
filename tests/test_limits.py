"""Limits from a TOML file: those that are read, and those that are refused."""

from pathlib import Path

import pytest

from ulk_tf.errors import UserError
from ulk_tf.limits import MAX_BYTES, Limit, load_limits


def test_limits_are_read_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    path.write_text(
        "[[limit]]\nmetric='kl'\nbaseline='prior'\nat_most=1\nattack='lde'\n"
        "[[limit]]\nmetric='accuracy'\nbaseline='shuffled'\nat_most=0.1\n"
    )
    assert load_limits(path) == [
        Limit("kl", "prior", 1, "lde"),
        Limit("accuracy", "shuffled", 0.1),
    ]


def test_a_file_that_is_missing_or_large(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.toml"):
        load_limits(tmp_path / "none.toml")
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(UserError, match="at most 1048576 bytes"):
        load_limits(large)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "tables"),
        ("[[limit]]\nmetric='a'", "at_most = 0.1"),
        ("[[limit]]\nmetric='a'\nbaseline='b'\nat_most='c'", "at_most = 0.1"),
        ("[[limit]]\nmetric='a'\nbaseline='b'\nat_most=true", "at_most = 0.1"),
        ("[[limit]]\nmetric='a'\nbaseline='b'\nat_most=nan", "at_most = 0.1"),
        ("[[limit]]\nmetric='a'\nbaseline='b'\nat_most=1\nmax=2", "at_most = 0.1"),
        ("[limit]\nmetric='a'", "tables"),
        ("[[limits]]\nmetric='a'", "tables"),
        ("not toml", "tables"),
    ],
)
def test_limits_that_are_none(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "limits.toml").write_text(text)
    with pytest.raises(UserError, match=told):
        load_limits(tmp_path / "limits.toml")
