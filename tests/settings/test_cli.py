"""The command line: text arrives as typed, mistakes are told at once in one sentence."""

import errno
import io
import os
import sys
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ulk_tf.errors import UserError
from ulk_tf.settings import cli

seen: dict[str, Any] = {}


def command(
    name: str,
    count: int = 3,
    rate: float | None = None,
    deep: bool = False,
    kind: Literal["red", "blue"] = "red",
    note: str | None = None,
) -> None:
    """Remember what arrived.

    Not this line.

    Args:
        name: who it is for, over
            two lines: with a colon.
        count: how many.
        rate: how fast.
        deep: whether deep.
        kind: which colour.
        note: anything.

    Raises:
        UserError: never.
    """
    seen.clear()
    seen.update(name=name, count=count, rate=rate, deep=deep, kind=kind, note=note)


def run(*arguments: str, commands: Any = command) -> int:
    """The exit code of a command line."""
    with pytest.raises(SystemExit) as left:
        cli.run(commands, arguments)
    return left.value.code


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, commands: Any = command) -> str:
    """The sentence that a command line is refused with, nothing having run."""
    seen.clear()
    assert run(*arguments, commands=commands) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1 and told.err.startswith("error: Expected ")
    assert not seen
    return told.err.removeprefix("error: ").strip()


# What a shell cannot pass: a NUL byte.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=()))


@settings(deadline=None, max_examples=500)
@given(texts)
def test_text_goes_through_fire_as_typed(text: str) -> None:
    assert run(f"--name={text}") == 0
    assert seen["name"] == text


@settings(deadline=None)
@given(texts.filter(lambda text: not text.startswith("-")))
def test_text_goes_through_fire_without_equals(text: str) -> None:
    assert run("--name", text) == 0
    assert seen["name"] == text
    assert run(text) == 0
    assert seen["name"] == text


@settings(deadline=None)
@given(st.integers(), st.floats(allow_nan=False))
def test_numbers_go_through_fire(count: int, rate: float) -> None:
    assert run("--name=x", f"--count={count}", f"--rate={rate!r}") == 0
    assert (seen["count"], seen["rate"]) == (count, rate)
    assert run("--name=x", "--count", str(count), "--rate", repr(rate)) == 0
    assert (seen["count"], seen["rate"]) == (count, rate)


@pytest.mark.parametrize(
    "text",
    ["2024_01", "1e5", "None", "true", "a,b", "[1, 2]", "{'a': 1}", "it's", '"quoted"', "-", "a=b",
     "$HOME", "\\n", "x y", "(1,)", "0x10", "#1", "ß"],
)  # fmt: skip
def test_text_that_fire_alone_would_change(text: str) -> None:
    assert run(f"--name={text}") == 0
    assert seen["name"] == text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["x", "--deep"], {"deep": True}),
        (["x", "--deep=false"], {"deep": False}),
        (["x", "--deep", "no"], {"deep": False}),
        (["--deep", "x"], {"deep": True, "name": "x"}),
        (["x", "--count", "-3"], {"count": -3}),
        (["x", "--count=1_000"], {"count": 1000}),
        (["x", "--rate=none"], {"rate": None}),
        (["x", "--rate=-1e-3"], {"rate": -0.001}),
        (["x", "--note=None"], {"note": None}),
        (["x", "--note="], {"note": None}),
        (["x", "--kind=blue"], {"kind": "blue"}),
        (["x", "7"], {"count": 7}),
        (["x"], {"count": 3, "rate": None, "deep": False, "kind": "red", "note": None}),
    ],
)
def test_values_become_what_is_annotated(arguments: list[str], expected: dict[str, Any]) -> None:
    assert run(*arguments) == 0
    assert {name: seen[name] for name in expected} == expected
    assert all(type(seen[name]) is type(value) for name, value in expected.items())


def test_dashes_in_names_are_underscores() -> None:
    def dashed(in_between: int) -> None:
        seen["in_between"] = in_between

    assert run("--in-between=3", commands=dashed) == 0
    assert seen["in_between"] == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["x", "--cuont=3"], "Received --cuont. Did you mean --count?"),
        (["x", "--zzzzzz"], "Received --zzzzzz. --help lists them."),
        (["x", "--count=many"], "Expected --count to be a whole number. Received 'many'."),
        (["x", "--count=1.5"], "Expected --count to be a whole number. Received '1.5'."),
        (["x", "--count=none"], "Expected --count to be a whole number. Received 'none'."),
        (["x", "--rate=fast"], "Expected --rate to be a number, or none. Received 'fast'."),
        (["x", "--deep=maybe"], "Expected --deep to be true or false. Received 'maybe'."),
        (["x", "--kind=bleu"], "one of red, blue. Received 'bleu'. Did you mean blue?"),
        (["x", "--kind=Red"], "Did you mean red?"),
        (["x", "--count"], "Expected a value for --count. Received none."),
        (["--name", "--deep"], "Expected a value for --name. Received none."),
        (["x", "--name=y"], "Expected --name once. Received it twice."),
        (["x", "--deep", "--deep"], "Expected --deep once. Received it twice."),
        (["x", "-c", "3"], "Expected flags written as --name=value. Received '-c'."),
        (["x", "1", "2", "true", "red", "n", "more"], "--name=value. Received 'more'."),
        ([], "Expected --name=.... Received nothing for it."),
        (["--count=3"], "Expected --name=.... Received nothing for it."),
        (["x", "--"], "Expected a flag of"),
        (["x", "--=1"], "Expected a flag of"),
        (["x", "--help=1"], "Received --help."),
    ],
)
def test_mistakes_are_one_sentence_and_nothing_runs(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert sentence in refused(capsys, *arguments)


def test_several_commands(capsys: pytest.CaptureFixture[str]) -> None:
    table = {"first": command, "second": command}
    assert run("second", "x", commands=table) == 0
    assert seen["name"] == "x"
    sentence = refused(capsys, "secnod", "x", commands=table)
    assert sentence == (
        "Expected a command of first, second. Received 'secnod'. Did you mean second?"
    )
    for arguments in ([], ["--help"], ["help"], ["-h"]):
        assert run(*arguments, commands=table) == 0
        told = capsys.readouterr()
        assert "first   Remember what arrived." in told.out and told.err == ""


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["help"], ["x", "--help"]])
def test_help_teaches(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    seen.clear()
    assert run(*arguments) == 0
    told = capsys.readouterr()
    assert not seen and told.err == ""
    for line in (
        "Remember what arrived.",
        "--name=TEXT",
        "who it is for, over two lines: with a colon.",
        "--count=NUMBER",
        "how many. [3]",
        "--rate=NUMBER|none",
        "--deep=true|false",
        "--kind=red|blue",
        "which colour. [red]",
    ):
        assert line in told.out
    assert "Not this line" not in told.out and "Raises" not in told.out
    assert max(map(len, told.out.splitlines())) <= 100


def test_help_checks_what_is_typed_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Did you mean --count?" in refused(capsys, "--cuont=3", "--help")


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("ascii", b"a\\xfc\\udcff\n"), ("latin-1", b"a\xfc\\udcff\n"), ("utf-8", b"a\xc3\xbc\xff\n")],
)
def test_any_name_of_a_file_can_be_written(
    monkeypatch: pytest.MonkeyPatch, encoding: str, written: bytes
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding, "strict"))

    def named() -> None:
        print("a\xfc\udcff")  # as Python has a name that is no UTF-8

    assert run(commands=named) == 0
    assert raw.getvalue() == written


def test_interruption_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    assert run(commands=interrupted) == 130
    assert "go on from here" in capsys.readouterr().err


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_what_the_machine_lacks_is_one_sentence(
    capsys: pytest.CaptureFixture[str], code: int
) -> None:
    def failing() -> None:
        raise OSError(code, os.strerror(code), "some/file")

    assert f"Received {os.strerror(code)} (some/file)." in refused(capsys, commands=failing)


@pytest.mark.parametrize("error", [ValueError("ours"), OSError(errno.EIO, "disk"), KeyError("x")])
def test_our_own_faults_keep_their_traceback(error: Exception) -> None:
    def failing() -> None:
        raise error

    with pytest.raises(type(error)):
        cli.run(failing, [])


def test_what_a_command_returns_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    def returning() -> Any:
        return {"a": 1}

    assert run(commands=returning) == 0
    assert capsys.readouterr().out == ""


def test_coerce_names_the_flag() -> None:
    assert cli.coerce("5", int | None, "n") == 5
    with pytest.raises(UserError, match="--n to be a whole number, or none"):
        cli.coerce("five", int | None, "n")
