"""Paths among the values of flags."""

import pytest

from ulk_tf.settings.flag_types import PathText, describe, parse, placeholder


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("~/a", "/home/me/a"),
        ("a,~/b", "a,/home/me/b"),
        ("/x/~y", "/x/~y"),
        ("http://host/~me", "http://host/~me"),
        ("module:function", "module:function"),
    ],
)
def test_a_leading_tilde_is_the_home_directory(text, wanted, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert parse(text, PathText, "out") == wanted


def test_paths_are_described():
    assert placeholder(PathText) == "PATH"
    assert describe(PathText | None) == "a path, or none"
