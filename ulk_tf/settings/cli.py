"""Command lines: strict flags on top of fire, clear errors, exit codes.

fire alone runs a function first and reports a misspelt flag afterwards, and it guesses types from
values. Here every argument is bound to the command's flags before the command runs, is passed as
the text that was typed, and is then converted to the annotated type.
"""

import errno
import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ulk_tf.errors import UserError
from ulk_tf.progress import notes
from ulk_tf.settings.flag_types import nearest, parse
from ulk_tf.settings.flags import Flag, command_help, describe, table_help

Command = Callable[..., None]
# Commands by name; an entry may be a nested table, as `train` in `train li`.
Commands = Mapping[str, "Command | Commands"]
EXIT_BROKEN_PIPE = 1
EXIT_USER_ERROR = 2
EXIT_BROKEN_LIMIT = 3
EXIT_INTERRUPTED = 130
HELP = {"--help", "-h"}
# System errors that the user can remedy; any other is a bug and keeps its traceback.
MACHINE = {
    errno.ENOSPC: "room on the disk",
    errno.EDQUOT: "room on the disk",
    errno.EACCES: "permission to read and write",
    errno.EPERM: "permission to read and write",
    errno.EROFS: "a disk that can be written to",
    errno.ENAMETOOLONG: "shorter names of files",
    errno.EMFILE: "more files allowed to be open (ulimit -n)",
}


def run(commands: "Command | Commands", argv: Sequence[str] | None = None) -> None:
    """Run a command from the command line, and exit the process with its exit code.

    Args:
        commands: one function with annotated parameters, or a table of them by name, maybe
            nested.
        argv: the arguments; those of the process when None.

    Raises:
        SystemExit: 0 after success, 2 after a `UserError`, 130 after an interrupt.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    _set_environment()
    _write_any_name(sys.stdout)
    _write_any_name(sys.stderr)
    try:
        with notes():
            _dispatch(program_name(), commands, arguments)
        sys.stdout.flush()
    except UserError as error:
        raise SystemExit(_print_error(f"error: {error}", EXIT_USER_ERROR)) from None
    except KeyboardInterrupt:
        again = "interrupted: run the same command again to go on from here"
        raise SystemExit(_print_error(again, EXIT_INTERRUPTED)) from None
    except BrokenPipeError:
        # The reader of our output, such as `head`, has exited: flushing at exit would raise again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(EXIT_BROKEN_PIPE) from None
    except OSError as error:
        if error.errno not in MACHINE:
            raise
        needed = UserError(MACHINE[error.errno], f"{error.strerror} ({error.filename or 'a file'})")
        raise SystemExit(_print_error(f"error: {needed}", EXIT_USER_ERROR)) from None
    raise SystemExit(0)


def _print_error(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code


def _write_any_name(stream: Any) -> None:
    """Let a stream write names that its encoding lacks, as bytes or as escapes."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
        wide = stream.encoding.lower().replace("-", "").startswith("utf")
        stream.reconfigure(errors="surrogateescape" if wide else "backslashreplace")


def _set_environment() -> None:
    """Set the variables that TensorFlow and Keras read on import; worker processes inherit them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # The update engine is a TensorFlow graph, whatever backend a user's Keras is set to.
    os.environ["KERAS_BACKEND"] = "tensorflow"


def program_name() -> str:
    """Return the command that started this process, as a user would type it."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if spec is not None:
        return f"python -m {spec.name.removesuffix('.__main__')}"
    return f"python {Path(sys.argv[0]).name}"


def _dispatch(program: str, commands: "Command | Commands", arguments: list[str]) -> None:
    """Run a command, or the command of a table that the first argument names."""
    if callable(commands):
        _run_one(program, commands, arguments)
        return
    name = arguments.pop(0) if arguments else "--help"
    if name in HELP | {"help"}:
        print(table_help(program, commands))
        return
    if name not in commands:
        raise UserError(
            f"a command of {', '.join(commands)}", repr(name), nearest(name, list(commands))
        )
    _dispatch(f"{program} {name}", commands[name], arguments)


def _run_one(program: str, command: Command, arguments: list[str]) -> None:
    if HELP & set(arguments) or arguments == ["help"]:
        beside = [argument for argument in arguments if argument not in HELP | {"help"}]
        print(command_help(program, command, bind(command, beside)))
        return
    try:
        import fire  # noqa: PLC0415 - an environment that only gates has NumPy alone
    except ImportError:
        quote(command, arguments)
        _taking_text(command)(**bind(command, arguments))
        return
    fire.Fire(_taking_text(command), command=quote(command, arguments))


def bind(command: Command, arguments: Sequence[str]) -> dict[str, str]:
    """Parse arguments into the text of each given flag, by name.

    Args:
        command: defines the flags.
        arguments: as typed: `--name=value`, `--name value`, `--name` for true, or bare values.

    Raises:
        UserError: a flag is unknown, repeated or lacks its value, or a bare value is left over.
    """
    flags = {flag.name: flag for flag in describe(command).flags({})}
    given: dict[str, str] = {}
    waiting = list(arguments)
    while waiting:
        token = waiting.pop(0)
        if token.startswith("--"):
            name, equals, value = token[2:].partition("=")
            name = name.replace("-", "_")
            if name not in flags:
                raise _unknown(name, list(flags))
            if not equals:
                value = _following(flags[name], waiting)
        else:
            free = [name for name, f in flags.items() if f.positional and name not in given]
            if not free or _like_a_flag(token):
                raise UserError("flags written as --name=value", repr(token))
            name, value = free[0], token
        if name in given:
            raise UserError(f"--{name} once", "it twice")
        given[name] = value
    return given


def quote(command: Command, arguments: Sequence[str]) -> list[str]:
    """Bind `arguments` to the flags of `command`; quote them so that fire keeps them as text.

    Args:
        command: defines the flags.
        arguments: as typed; see `bind`.

    Raises:
        UserError: as in `bind`, or a required flag is missing.
    """
    given = bind(command, arguments)
    for flag in describe(command).flags({}):
        if flag.needed and flag.name not in given:
            raise UserError(f"--{flag.name}=...", "nothing for it", "--help lists every flag.")
    return [f"--{name}={value!r}" for name, value in given.items()]


def coerce(text: str, annotation: Any, flag: str) -> Any:
    """Convert the text of a flag to its annotated type; see `flag_types.parse`."""
    return parse(text, annotation, flag)


def _taking_text(command: Command) -> Command:
    """Wrap a command for fire: a function of the text of each flag, by name."""
    annotations = {flag.name: flag.annotation for flag in describe(command).flags({})}

    def text_command(**given: str) -> None:
        command(**{name: parse(text, annotations[name], name) for name, text in given.items()})

    return text_command


# New names of the flags of earlier versions.
RENAMED = {
    "clustered": "cluster_samples",
    "code": "code_dim",
    "generated": "samples_per_set",
    "members": "ensemble",
    "noise": "noise_dim",
    "shadow_bases": "training_bases",
    "shadow_size": "shadow_samples",
    "shadow_updates": "training_updates",
    "target_size": "samples",
    "validation_size": "validation_samples",
}


def _unknown(name: str, known: list[str]) -> UserError:
    if RENAMED.get(name) in known:
        return UserError(f"--{RENAMED[name]}, its new name", f"--{name}")
    few = len(known) <= 8
    listed = f"a flag of {', '.join('--' + flag for flag in known)}" if few else "a known flag"
    return UserError(listed, f"--{name}", nearest(name, known, "--") or "--help lists them.")


def _following(flag: Flag, waiting: list[str]) -> str:
    """Take the value of a flag that was typed without `=`: the next argument; true for a bool."""
    follows = bool(waiting) and not _like_a_flag(waiting[0])
    if flag.annotation is bool:
        truth = follows and waiting[0].lower() in ("true", "false", "yes", "no", "1", "0")
        return waiting.pop(0) if truth else "true"
    if not follows:
        raise UserError(f"a value for --{flag.name}", "none")
    return waiting.pop(0)


def _like_a_flag(token: str) -> bool:
    """Return True for a flag, False for a value, such as a negative number."""
    try:
        float(token)
    except ValueError:
        return len(token) > 1 and token.startswith("-")
    return False
