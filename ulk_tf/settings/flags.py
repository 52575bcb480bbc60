"""Flags of commands, and the text of --help."""

import inspect
import re
import shutil
import textwrap
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ulk_tf.settings import flag_types


@dataclass(frozen=True)
class Flag:
    """Flag of a command.

    Attributes:
        name: its name without dashes in front, with underscores.
        annotation: type of its value; see `flag_types`.
        help: its meaning and unit, for --help.
        default: its default as shown by --help; nothing is shown when empty.
        needed: True if it is required.
        positional: True if its value may be given without its name.
        group: heading above it in --help.
        hidden: True if --help omits it; the command's note explains it.
    """

    name: str
    annotation: Any
    help: str = ""
    default: str = ""
    needed: bool = False
    positional: bool = False
    group: str = "Flags"
    hidden: bool = False


# Given flags (name -> text) -> all flags of a command; defaults may depend on given flags.
Flags = Callable[[Mapping[str, str]], Sequence[Flag]]


@dataclass(frozen=True)
class Described:
    """Command whose flags are listed explicitly, not read from the function's signature.

    Attributes:
        function: called with the given flags by name.
        summary: first line of --help.
        flags: given flags -> all flags.
        examples: pairs of arguments and their effect.
        note: paragraph of --help above the flags.
    """

    function: Callable[..., None]
    summary: str
    flags: Flags
    examples: Sequence[tuple[str, str]] = ()
    note: str = ""

    def __call__(self, **given: Any) -> None:
        """Call the function with flags by name."""
        self.function(**given)


def describe(command: Callable[..., None]) -> Described:
    """Read the flags of an annotated function from its parameters and its docstring's Args."""
    if isinstance(command, Described):
        return command
    hints = typing.get_type_hints(command)
    summary, explained = _docstring(command)
    flags = [
        Flag(
            name,
            hints[name],
            explained.get(name, ""),
            "" if parameter.default in (None, parameter.empty) else str(parameter.default),
            needed=parameter.default is parameter.empty,
            positional=parameter.kind is parameter.POSITIONAL_OR_KEYWORD,
        )
        for name, parameter in inspect.signature(command).parameters.items()
    ]
    return Described(command, summary, lambda _: flags)


def command_help(program: str, command: Callable[..., None], given: Mapping[str, str]) -> str:
    """Return the help text of one command.

    Args:
        program: the program and command as typed, such as `python -m trainers.li`.
        command: the function.
        given: flags that were typed beside --help, name -> text.
    """
    known = describe(command)
    flags = [flag for flag in known.flags(given) if not flag.hidden]
    needed = "".join(
        f" --{f.name}={flag_types.placeholder(f.annotation)}" for f in flags if f.needed
    )
    lines = [known.summary, "", f"Usage: {program}{needed} [--flag=value ...]"]
    if known.examples:
        lines += ["", "Examples:"]
        longest = max(len(arguments) for arguments, _ in known.examples)
        lines += [
            f"  {program} {arguments:{longest}}  # {what}" for arguments, what in known.examples
        ]
    if known.note:
        lines += ["", *textwrap.wrap(known.note, _columns())]
    for group in dict.fromkeys(flag.group for flag in flags):
        lines += ["", f"{group}:"]
        lines += [line for flag in flags if flag.group == group for line in _flag_lines(flag)]
    return "\n".join(lines)


def table_help(program: str, commands: Mapping[str, Any]) -> str:
    """Return the help text of a program with several commands.

    Args:
        program: the program as typed.
        commands: functions or nested tables by name.
    """
    longest = max(map(len, commands))
    lines = [f"Usage: {program} COMMAND [--flag=value ...]", "", "Commands:"]
    lines += [f"  {name:{longest}}  {_summary(one)}" for name, one in commands.items()]
    return "\n".join([*lines, "", f"{program} COMMAND --help lists the flags of a command."])


def _summary(command: Any) -> str:
    if isinstance(command, Mapping):
        return f"{', '.join(command)}: see {'|'.join(command)} --help"
    return describe(command).summary


def _flag_lines(flag: Flag) -> list[str]:
    text = flag.help + (f" [{flag.default}]" if flag.default else "")
    columns = _columns()
    indent = " " * 6
    wrapped = textwrap.wrap(
        text, columns, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
    return [f"  --{flag.name}={flag_types.placeholder(flag.annotation)}", *wrapped]


def _columns() -> int:
    return min(max(shutil.get_terminal_size((100, 24)).columns, 60), 100)


def _docstring(function: Callable[..., None]) -> tuple[str, dict[str, str]]:
    """Split a Google-style docstring into its first line and its Args, name -> text."""
    text = inspect.getdoc(function) or ""
    summary = text.partition("\n")[0]
    block = re.search(r"^Args:\n((?:[ ]+.*\n?|\n)*)", text, re.MULTILINE)
    entries = re.split(r"^ {4}(\w+): ", block[1] if block else "", flags=re.MULTILINE)[1:]
    named = zip(entries[::2], entries[1::2], strict=True)
    return summary, {name: " ".join(what.split()) for name, what in named}
