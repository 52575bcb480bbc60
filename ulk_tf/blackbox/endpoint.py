"""A classifier behind a server, asked in whatever protocol it speaks: one client for all of them.

Versions, timeouts, budgets, limits of batches and answers that are none are the same whatever the
protocol; `protocols/` holds what differs.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ulk_tf.answers.numbers import checked
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.exchange import Answer, Patience
from ulk_tf.blackbox.fitting import batched
from ulk_tf.blackbox.outputs import select
from ulk_tf.blackbox.protocols import table
from ulk_tf.blackbox.protocols.protocol import Choices, NotSpoken, error_words
from ulk_tf.blackbox.source import Reply
from ulk_tf.blackbox.transport import TOKEN_VARIABLE, Transport
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.reasons import one_line

# What servers say of a request with too many samples.
TOO_MANY = re.compile(
    r"larger than (?:the )?max\w*|batch ?[- ]?size.*(?:exceed|larger|greater|must be <=)"
    r"|exceed\w*.*(?:batch|max\w*|limit)|max\w* (?:\w+ )?batch|too (?:large|big|many)",
    re.IGNORECASE,
)
LIMIT = re.compile(r"(?:max\w*|limit|<=)\D{0,40}?(\d+)", re.IGNORECASE)
# Characters of a refusal that are looked at: a whole one quotes samples and signature; a reason.
LONGEST, LONGEST_REASON = 10**6, 2000
# How often a refusal may teach how samples must be sent.
LESSONS = 3


class Endpoint:
    """A served classifier.

    Args:
        url: URL of the model, in a form of the table of protocols; any, with --protocol or
            --request.
        asking: settings of the queries.
        class_names: in the order that the attack knows; empty where nobody knows them.
        patience: timeouts, and how often to try.

    Attributes:
        name: the URL, as it may be written into files.

    Raises:
        UserError: it is no such URL.
    """

    batch: int | None = 32

    def __init__(
        self,
        url: str,
        asking: Asking | None = None,
        class_names: Sequence[str] = (),
        patience: Patience | None = None,
    ) -> None:
        self._asking = asking = asking or Asking()
        address = url if asking.request else url.rstrip("/")
        self._http = Transport(address, patience or Patience())
        choices = Choices(asking.signature, asking.output, asking.request, asking.answer)
        protocol = table.choose(self._http.path, address, asking.protocol, choices)
        self._protocol = protocol
        self.name = address.removesuffix(protocol.verb) if protocol.verb else address
        self._class_names = class_names
        self._version: str | None = None  # before anything was asked
        self._told = protocol.version  # the version that a URL or an answer named
        self._limit: int | None = None
        self._notes: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what was done to reach the model and to understand it."""
        return tuple(dict.fromkeys((*self._http.notes, *self._protocol.notes, *self._notes)))

    def ask(self, samples: Array, spend: Callable[[int], None]) -> Reply:
        """Query with `samples`; see `Source`."""
        before = self._version
        if before is None:
            found = self._protocol.find_version(self._get)  # tells also what the model takes
            before = self._told or found
        parts, done = [], 0
        while done < len(samples):
            size = min(self._limit or len(samples), len(samples) - done)
            answered = self._predict(samples[done : done + size], spend)
            if answered is not None:  # else the limit was lowered
                parts.append(answered)
                done += size
        if len({part.shape[1] for part in parts}) > 1:
            raise UserError("as many classes in every answer", "different numbers of them")
        now = self._told or self._protocol.find_version(self._get) or ""
        if before not in (None, now):
            self._other_version(before, now)
        self._version = now
        return Reply(np.concatenate(parts), now)

    def _other_version(self, before: str | None, now: str) -> None:
        raise UserError(
            f"version {before} of {self.name} to answer the whole probing set",
            f"version {now} half-way",
            "Probe one version by its URL, .../versions/<number>, or start again.",
        )

    def _predict(
        self, samples: Array, spend: Callable[[int], None], lessons: int = LESSONS
    ) -> Array | None:
        """Send one request; None where the server takes fewer samples at once."""
        fixed = self._protocol.batch(samples)
        if fixed is not None and len(samples) > fixed:
            self._limit = fixed
            return None
        sent, count = batched(samples, fixed)
        body = json.dumps(self._protocol.request(sent), allow_nan=False).encode()
        answer = self._http.send("POST", self._protocol.address, body, lambda: spend(len(sent)))
        content = _parsed(answer)
        if answer.status != 200:
            words = error_words(content)[:LONGEST]
            if lessons and self._protocol.adapt(answer.status, words):
                return self._predict(samples, spend, lessons - 1)
            reason = self._protocol.reason(words)
            if len(samples) > 1 and _too_many(answer.status, reason):
                self._lower(len(samples), reason)
                return None
            raise self._refused(answer.status, words, content)
        found = self._read(answer, content, len(sent))
        values, notes = select(found, len(sent), self._asking.output, self._class_names)
        self._notes += notes
        return checked(values, len(sent))[:count]

    def _lower(self, size: int, words: str) -> None:
        """Send fewer samples at once from now on: as many as the server says, or half of them."""
        said = LIMIT.search(words[:LONGEST_REASON])
        named = int(said[1]) if said and len(said[1]) < 7 else 0
        self._limit = named if 0 < named < size else max(1, size // 2)
        self._notes = tuple(note for note in self._notes if "--batch" not in note)
        self._notes += (
            f"The server takes no {size} samples at once; it was sent {self._limit} (--batch="
            f"{self._limit} does so from the start).",
        )

    def _get(self, path: str) -> Any:
        """The JSON value of an optional answer; None when there is none."""
        answer = self._http.send("GET", path)
        return _parsed(answer) if answer.status == 200 else None

    def _read(self, answer: Answer, content: Any, rows: int) -> Any:
        """The outputs in an answer; its version is compared with earlier ones."""
        if content is None:
            raise UserError(
                f"a JSON object from {self.name}",
                self._http.redacted(_described(answer)),
                "" if not answer.body else "Is there a proxy or a login in between?",
            )
        try:
            found, version = self._protocol.read(content, rows)
        except NotSpoken as error:
            words = error_words(content)[:LONGEST]
            said = f" ({self._http.redacted(words)})" if words else ""
            raise UserError(
                f"{error.expected} from {self.name}",
                f"{self._http.redacted(error.received)}{said}",
                table.other(content, self._protocol),
            ) from None
        version = one_line(version, 80)
        if version and self._told and version != self._told:
            self._other_version(self._told, version)
        self._told = self._told or version
        return found

    def _refused(self, status: int, words: str, content: Any) -> UserError:
        """Say that a server refused, and what to do."""
        reason = self._protocol.reason(words)
        said = f": {self._http.redacted(reason)}" if reason else ""
        remedy = self._protocol.remedy(status, words)
        if _too_many(status, reason):
            remedy = REMEDIES[413]
        elif not remedy:
            remedy = REMEDIES.get(status, "")
            if status in OTHER_PROTOCOL:
                remedy = f"{remedy} {table.other(content, self._protocol)}".strip()
        return UserError(f"{self.name} to answer", f"HTTP status {status}{said}", remedy)


REMEDIES = {
    401: f"Put the token into the environment variable {TOKEN_VARIABLE}.",
    403: f"Put the token into the environment variable {TOKEN_VARIABLE}.",
    404: "Is the model's name right, and is that version loaded?",
    407: "Put the proxy's user and password into HTTP_PROXY: http://user:password@host:port.",
    413: "The request is too large: send fewer samples at once with --batch.",
    429: "The server limits queries: try again later.",
    503: "The server is not ready: try again later.",
}
# What a server of another protocol answers to an address or a request that it does not know.
OTHER_PROTOCOL = (400, 404, 405, 415, 422, 501)


def _too_many(status: int, words: str) -> bool:
    """Tell whether a server refused a request for its number of samples."""
    return status == 413 or (
        status in (400, 422, 500) and TOO_MANY.search(words[:LONGEST_REASON]) is not None
    )


def _described(answer: Answer) -> str:
    """Describe an answer that is no JSON: its type and its beginning."""
    if not answer.body:
        return "an empty body"
    kind = answer.content_type.partition(";")[0].strip() or "an unknown type"
    text = answer.body[:2000].decode("utf-8", "replace")
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    return f"{len(answer.body)} bytes of {kind}: {one_line(title[1] if title else text, 80)}"


def _parsed(answer: Answer) -> Any:
    """The JSON value of a body; None where there is none."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
