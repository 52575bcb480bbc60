"""Protocol of a server: what each of them tells the client that speaks it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from ulk_tf.errors import UserError
from ulk_tf.files import Array

# Asks for a path with GET: the JSON value of the answer, None where there is none.
Get = Callable[[str], Any]


@dataclass(frozen=True)
class Choices:
    """Choices of the user about a server.

    Attributes:
        signature: signature of the model; None takes the usual one.
        output: name of the output that holds the posteriors; None finds it.
        request: file with the template of a request; None where there is none.
        answer: path to the scores in an answer; None takes the whole answer.
    """

    signature: str | None = None
    output: str | None = None
    request: str | None = None
    answer: str | None = None


@dataclass(frozen=True)
class Input:
    """The input of a model, as far as it is told.

    Attributes:
        dtype: in the protocol's own words; empty where it is not told.
        shape: shape of one sample, None for a length that does not matter; None where it is not
            told.
        batch: number of samples that a request must have; None for any number.
    """

    dtype: str = ""
    shape: tuple[int | None, ...] | None = None
    batch: int | None = None


class ServingProtocol:
    """A protocol, and what is known of one model behind it.

    Args:
        path: path of the URL, percent-encoded.
        who: the model, for messages.
        choices: choices of the user.

    Attributes:
        path: path of the URL.
        name: value of `--protocol`.
        form: form of its URLs, for messages.
        pattern: pattern of the URLs' paths by which it is recognised, with the group `model` and
            where there is one, `version`.
        verb: text that a URL may end with beyond the model's address.
        version: the one that the URL names; empty without one.
        address: path that samples are sent to.
        notes: sentences on what was done to understand the model.

    Raises:
        UserError: a choice that this protocol does not know.
    """

    name: ClassVar[str]
    form: ClassVar[str]
    pattern: ClassVar[re.Pattern[str]]
    verb: ClassVar[str] = ""
    takes_signature: ClassVar[bool] = False

    def __init__(self, path: str, who: str, choices: Choices) -> None:
        if choices.signature is not None and not self.takes_signature:
            raise UserError(
                "a model of TF Serving or a SavedModel for --signature",
                f"{who}, asked as {self.name}",
                "Leave --signature out.",
            )
        self.path = path
        found = self.pattern.match(path)
        self.model = found["model"] if found else path.removesuffix(self.verb)
        self.version = (found.groupdict().get("version") if found else None) or ""
        self.address = f"{self.model}{self.verb}"
        self.notes: tuple[str, ...] = ()
        self._who = who
        self._choices = choices

    def find_version(self, get: Get) -> str | None:
        """Ask which version answers, and learn what the model takes.

        Args:
            get: asks for a path.

        Returns:
            The version; empty where the server does not tell, None where only answers do.
        """
        return ""

    def batch(self, samples: Array) -> int | None:
        """Tell how many samples a request must have; None for any number."""
        return None

    def request(self, samples: Array) -> Any:
        """Make the JSON value of a request.

        Args:
            samples: [n, ...], as many as a request must have.

        Raises:
            UserError: the model takes others.
        """
        raise NotImplementedError

    def adapt(self, status: int, words: str) -> bool:
        """Learn from a refusal how the model wants to be asked.

        Args:
            status: status of the answer.
            words: text of the refusal, in full.

        Returns:
            True where the same samples should be sent again, as was learnt.
        """
        return False

    def read(self, content: Any, rows: int) -> tuple[Any, str]:
        """Find the outputs in an answer.

        Args:
            content: the JSON value of an answer with status 200.
            rows: number of samples that were sent.

        Returns:
            The outputs, as `outputs.select` takes them; and the version that answered, empty
            where the answer does not tell.

        Raises:
            NotSpoken: the answer is none of this protocol.
            UserError: its outputs contradict themselves.
        """
        raise NotImplementedError

    def remedy(self, status: int, words: str) -> str:
        """Say what to do about a refusal; empty where the status says enough."""
        return ""

    def reason(self, words: str) -> str:
        """Leave out of a refusal what is no reason."""
        return words

    @classmethod
    def recognises(cls, content: Any) -> bool:  # noqa: ARG003 - of the protocols that override it
        """Tell whether a JSON value looks like an answer or an error of this protocol."""
        return False

    def note(self, text: str) -> None:
        """Keep a sentence for the user, once."""
        if text and text not in self.notes:
            self.notes += (text,)


class NotSpoken(Exception):
    """An answer that is none of the protocol.

    Args:
        expected: phrase on what the protocol answers.
        received: phrase on what was there instead.
    """

    def __init__(self, expected: str, received: str) -> None:
        super().__init__(expected, received)
        self.expected = expected
        self.received = received


def kind_of(content: Any) -> str:
    """Describe a JSON value: the keys of an object, the type of anything else."""
    if isinstance(content, dict):
        return f"keys {', '.join(map(repr, sorted(map(str, content))[:5])) or 'none'}"
    return f"a JSON {_KINDS.get(type(content), 'value')}"


def error_words(content: Any) -> str:
    """Find what a server says in an error, in full; empty where it says nothing.

    Args:
        content: the JSON value of the answer: TF Serving and KServe answer {"error": text},
            FastAPI {"detail": text or a list}, MLflow {"error_code", "message"}, others an object
            below one of these.
    """
    for _ in range(4):
        if isinstance(content, str):
            return content
        if isinstance(content, list) and content:
            content = content[0]
        elif isinstance(content, dict):
            found = next((content[key] for key in _ERRORS if content.get(key)), None)
            where = content.get("loc")
            if isinstance(found, str) and isinstance(where, list):
                return f"{found}: {'.'.join(map(str, where))}"
            content = found
        else:
            return ""
    return ""


_KINDS = {list: "list", str: "text", int: "number", float: "number", bool: "truth value"}
_ERRORS = ("error", "detail", "message", "msg", "error_message", "errorMessage", "errors")
