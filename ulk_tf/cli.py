"""The one way in: strict flags over fire, clear errors, exit codes.

fire alone runs a function first and complains about a misspelt flag afterwards, and it guesses
types from values. Here every argument is bound to the signature before anything runs, reaches
the function as the text that was typed, and is then turned into the annotated type.
"""

import difflib
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import fire

from ulk_tf.errors import UserError

Command = Callable[..., None]
EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130


def run(commands: Command | Mapping[str, Command], argv: Sequence[str] | None = None) -> None:
    """Run a command from the command line and leave the process with its exit code.

    Args:
        commands: one function, or several by name; parameters are annotated.
        argv: the arguments; those of the process when None.

    Raises:
        SystemExit: 0 done, 2 a mistake of the user's, 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        _dispatch(commands, arguments)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(EXIT_USER_ERROR) from None
    except KeyboardInterrupt:
        print("interrupted: run the same command again to go on from here", file=sys.stderr)
        raise SystemExit(EXIT_INTERRUPTED) from None
    raise SystemExit(0)


def _dispatch(commands: Command | Mapping[str, Command], arguments: list[str]) -> None:
    if {"--help", "-h", "help"} & set(arguments) or (not callable(commands) and not arguments):
        path = arguments[:1] if not callable(commands) and arguments[:1] != ["--help"] else []
        name = path[0] if path and path[0] in commands else None  # type: ignore[operator]
        component = commands[name] if name else commands  # type: ignore[index]
        fire.Fire(component, command=["--", "--help"], name=name)
        return
    if callable(commands):
        command = commands
    else:
        name = arguments.pop(0)
        if name not in commands:
            raise UserError(
                f"a command of {', '.join(commands)}", f"{name!r}", _nearest(name, list(commands))
            )
        command = commands[name]
    fire.Fire(_coerced(command), command=quote(command, arguments))


def quote(command: Command, arguments: Sequence[str]) -> list[str]:
    """Bind `arguments` to the signature of `command`, quoted so that fire leaves them as text.

    Raises:
        UserError: an unknown, repeated or missing flag, or too many positional arguments.
    """
    parameters = inspect.signature(command).parameters
    positional = [
        name
        for name, parameter in parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    given: dict[str, str] = {}
    waiting = list(arguments)
    while waiting:
        token = waiting.pop(0)
        if token.startswith("--"):
            name, equals, value = token[2:].partition("=")
            name = name.replace("-", "_")
            if name not in parameters:
                raise UserError(
                    f"a flag of {', '.join('--' + known for known in parameters)}",
                    f"--{name}",
                    _nearest(name, list(parameters), "--"),
                )
            if not equals:
                bare = not waiting or waiting[0].startswith("--")
                value = "true" if bare else waiting.pop(0)
        else:
            free = [name for name in positional if name not in given]
            if not free:
                raise UserError("flags written as --name=value", f"{token!r}")
            name, value = free[0], token
        if name in given:
            raise UserError(f"--{name} once", "it twice")
        given[name] = value
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty and name not in given:
            raise UserError(f"--{name}=...", "nothing for it", "--help lists every flag.")
    return [f"--{name}={value!r}" for name, value in given.items()]


def coerce(text: str, annotation: Any, flag: str) -> Any:
    """Turn the text of a flag into its annotated type.

    Args:
        text: what was typed.
        annotation: str, int, float, bool, a Literal, or one of these `| None`.
        flag: the flag's name, for the message.

    Raises:
        UserError: the text is no such value.
    """
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        if text.lower() in ("none", ""):
            return None
        annotation = next(a for a in typing.get_args(annotation) if a is not type(None))
    if typing.get_origin(annotation) is typing.Literal:
        choices = typing.get_args(annotation)
        if text not in choices:
            raise UserError(
                f"--{flag} to be one of {', '.join(choices)}", f"{text!r}", _nearest(text, choices)
            )
        return text
    if annotation is bool:
        known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        if text.lower() not in known:
            raise UserError(f"--{flag} to be true or false", f"{text!r}")
        return known[text.lower()]
    if annotation in (int, float):
        try:
            return annotation(text.replace("_", "") if annotation is int else text)
        except ValueError:
            kind = "a whole number" if annotation is int else "a number"
            raise UserError(f"--{flag} to be {kind}", f"{text!r}") from None
    return text


def _coerced(command: Command) -> Command:
    """The same command taking text for every parameter."""
    hints = getattr(command, "__ulk_hints__", None) or typing.get_type_hints(command)

    signature = inspect.signature(command)

    def text_command(*values: str, **given: str) -> None:
        # fire passes what may be positional by position, and defaults with it.
        bound = signature.bind(*values, **given).arguments
        typed = {
            name: coerce(value, hints[name], name) if isinstance(value, str) else value
            for name, value in bound.items()
        }
        command(**typed)

    text_command.__signature__ = signature  # type: ignore[attr-defined]
    text_command.__doc__ = command.__doc__
    return text_command


def _nearest(name: str, known: Sequence[str], prefix: str = "") -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"Did you mean {prefix}{close[0]}?" if close else "--help lists them."
