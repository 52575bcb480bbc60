"""The protocols that endpoints are asked in, and which of them a URL speaks."""

from typing import Any

from ulk_tf.blackbox.protocols.mlflow import MLflow
from ulk_tf.blackbox.protocols.open_inference import OpenInference
from ulk_tf.blackbox.protocols.protocol import Choices, ServingProtocol
from ulk_tf.blackbox.protocols.template import Template
from ulk_tf.blackbox.protocols.tf_serving import TFServing
from ulk_tf.errors import UserError
from ulk_tf.settings.flag_types import nearest

PROTOCOLS: tuple[type[ServingProtocol], ...] = (TFServing, OpenInference, MLflow, Template)
NAMES = tuple(one.name for one in PROTOCOLS)


def check_name(name: str) -> None:
    """Raise `UserError` where no protocol has this name."""
    if name not in NAMES:
        raise UserError(
            f"--protocol to be one of {', '.join(NAMES)}", repr(name), nearest(name, NAMES)
        )


def choose(path: str, who: str, named: str | None, choices: Choices) -> ServingProtocol:
    """Choose the protocol of an endpoint.

    Args:
        path: path of the URL, percent-encoded.
        who: the URL, for messages.
        named: the user's choice; None takes what the path looks like.
        choices: the user's choices beside it.

    Raises:
        UserError: the path looks like none, or flags that do not go together.
    """
    if named is None and choices.request is not None:
        named = Template.name
    if named != Template.name and (choices.request or choices.answer):
        flag = "--request" if choices.request else "--answer"
        with_what = f"--protocol={named}" if named else "no --request"
        raise UserError(
            f"{flag} for a server that is described by a template",
            f"it with {with_what}",
            "Leave one of them out; --answer goes with --request=template.json.",
        )
    for kind in PROTOCOLS:
        if kind.name == named or (named is None and kind.pattern.match(path)):
            return kind(path, who, choices)
    raise UserError(
        f"a URL of a known form: {', '.join(kind.form for kind in PROTOCOLS)}",
        repr(who),
        f"Or name the protocol of another URL: --protocol={', '.join(NAMES[:-1])}.",
    )


def other(content: Any, used: ServingProtocol) -> str:
    """Say what to do where a server may speak another protocol than it was asked in.

    Args:
        content: the JSON value of its answer.
        used: the protocol it was asked in.
    """
    if used.name == Template.name:
        return "Give the path to the scores with --answer."
    for kind in PROTOCOLS:
        if kind.name != used.name and kind.pattern.match(used.path):
            return f"The URL is one of {kind.name}: leave --protocol out."
    likely = [
        kind.name for kind in PROTOCOLS if kind.recognises(content) and not used.recognises(content)
    ]
    if likely:
        flags = " or ".join(f"--protocol={name}" for name in likely)
        return f"It looks like an answer to another protocol: try {flags}."
    others = ", ".join(name for name in NAMES if name not in (used.name, Template.name))
    return (
        f"It was asked as {used.name}; if it speaks another protocol, name it (--protocol="
        f"{others}) or describe it with --request=template.json."
    )
