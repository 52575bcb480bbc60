"""A classifier behind TF Serving's REST interface (or anything that speaks it).

URLs: `http://host:8501/v1/models/m`, which is whatever version the server holds for the latest,
`.../versions/3`, or `.../labels/stable`. A predict answer does not say which version gave it, so
the model's metadata, or else its status, is asked before and after each batch.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ulk_tf.answers.numbers import checked
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.encoding import png
from ulk_tf.blackbox.fitting import as_integers, batched, fitted
from ulk_tf.blackbox.metadata import INTEGERS, TEXT, Input, Metadata, ready_version
from ulk_tf.blackbox.outputs import select
from ulk_tf.blackbox.reasons import one_line
from ulk_tf.blackbox.signatures import DEFAULT
from ulk_tf.blackbox.source import Reply
from ulk_tf.blackbox.transport import TOKEN_VARIABLE, Answer, Patience, Transport
from ulk_tf.errors import UserError
from ulk_tf.files import Array

DIALECT = re.compile(r"^.*/v1/models/[^/:]+(/versions/(?P<version>\d+)|/labels/[^/:]+)?$")
# What servers say of a request with too many samples, and of a model whose outputs are no rows.
TOO_MANY = re.compile(
    r"larger than (?:the )?max\w*|batch ?size.*(?:exceed|larger|greater)"
    r"|exceed\w*.*(?:batch|max\w*|limit)|max\w* (?:\w+ )?batch|too (?:large|big|many)",
    re.IGNORECASE,
)
LIMIT = re.compile(r"(?:max\w*|limit)\D{0,40}?(\d+)", re.IGNORECASE)
NO_ROWS = "inconsistent batch size"
UNKNOWN_SIGNATURE = re.compile(r"signature.*not found", re.IGNORECASE)


class Endpoint:
    """A served classifier.

    Args:
        url: of the model, its version or its label.
        asking: how it is asked.
        class_names: in the order that the attack knows; empty where nobody knows them.
        patience: how long to wait.

    Attributes:
        name: the URL, as it may be written into files.
        notes: what was done to reach it and to understand it, as sentences.

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
        address = url.removesuffix(":predict").rstrip("/")
        self._http = Transport(address, patience or Patience())
        dialect = DIALECT.match(self._http.path)
        if dialect is None:
            raise UserError("http://host:8501/v1/models/<name>[/versions/<number>]", repr(url))
        self.name = address
        self.notes: tuple[str, ...] = self._http.notes
        self._asking = asking or Asking()
        self._class_names = class_names
        self._pinned: str = dialect["version"] or ""
        self._metadata = Metadata({})
        self._version: str | None = None
        self._limit: int | None = None
        self._columns = False

    def ask(self, samples: Array, spend: Callable[[int], None]) -> Reply:
        """Query with `samples`; see `Source`."""
        if self._version is None:
            self._version = self._pinned or self._find_version()
            if self._pinned:
                self._find_version()  # for what the model takes
        parts, done = [], 0
        while done < len(samples):
            size = min(self._limit or len(samples), len(samples) - done)
            answered = self._predict(samples[done : done + size], spend)
            if answered is not None:  # else the limit is lower now
                parts.append(answered)
                done += size
        if len({part.shape[1] for part in parts}) > 1:
            raise UserError("as many classes in every answer", "different numbers of them")
        before, self._version = self._version, self._pinned or self._find_version()
        if before != self._version:
            raise UserError(
                f"version {before} of {self.name} to answer the whole probing set",
                f"version {self._version} half-way",
                "Probe one version by its URL, .../versions/<number>, or start again.",
            )
        return Reply(np.concatenate(parts), self._version)

    def _predict(self, samples: Array, spend: Callable[[int], None]) -> Array | None:
        """Send one request; None where the server takes fewer samples at once."""
        signature, taken = self._metadata.signature(self._asking.signature, self.name)
        if signature is not None and self._asking.signature is None:
            self._note(f"The model has no {DEFAULT}; its only signature {signature} was asked.")
        fixed = taken.batch if taken else None
        if fixed is not None and len(samples) > fixed:
            self._limit = fixed
            return None
        sent, count = batched(samples, fixed)
        body = self._request(sent, signature, taken)
        answer = self._http.send(
            "POST", f"{self._http.path}:predict", body, lambda: spend(len(sent))
        )
        if answer.status != 200:
            told = str(_parsed(answer).get("error", ""))
            if NO_ROWS in told and not self._columns:
                self._columns = True
                self._note("The server answers in columns; it was asked so.")
                return self._predict(samples, spend)
            if len(samples) > 1 and _too_many(answer.status, told):
                self._lower(len(samples), told)
                return None
        content = self._decoded(answer)
        key = "outputs" if "outputs" in content and "predictions" not in content else "predictions"
        if key not in content or (key == "outputs" and not self._columns):
            raise UserError('an answer with "predictions"', f"{sorted(content)[:5]}")
        found = content[key]
        if key == "predictions" and not isinstance(found, list):
            raise UserError('a list of "predictions"', type(found).__name__)
        values, notes = select(found, len(sent), self._asking.output, self._class_names)
        for note in notes:
            self._note(note)
        return checked(values, len(sent))[:count]

    def _lower(self, size: int, told: str) -> None:
        """Send fewer samples at once from now on: as many as the server says, or half of them."""
        said = LIMIT.search(told)
        named = int(said[1]) if said and len(said[1]) < 7 else 0
        self._limit = named if 0 < named < size else max(1, size // 2)
        self.notes = tuple(note for note in self.notes if "--batch" not in note)
        self._note(
            f"The server takes no {size} samples at once; it was sent {self._limit} (--batch="
            f"{self._limit} does so from the start)."
        )

    def _request(self, samples: Array, signature: str | None, taken: Input | None) -> bytes:
        """The body of a request, with samples as the model takes them."""
        content: dict[str, Any] = {}
        if signature is not None:
            content["signature_name"] = signature
        shaped, note = fitted(samples, None if taken is None else taken.shape, self.name)
        self._note(note)
        kind = taken.dtype if taken else ""
        rows: Any
        if kind in TEXT:
            import base64  # noqa: PLC0415 - for one rare kind of model

            self._note("The model takes encoded images; samples were sent as PNG.")
            rows = [{"b64": base64.b64encode(png(image)).decode()} for image in samples]
        else:
            # TF Serving takes 3 for a float, but not 3.0 for an integer.
            rows = (as_integers(shaped, kind) if kind in INTEGERS else shaped).tolist()
        content["inputs" if self._columns else "instances"] = rows
        return json.dumps(content, allow_nan=False).encode()

    def _note(self, note: str) -> None:
        if note and note not in self.notes:
            self.notes += (note,)

    def _find_version(self) -> str:
        """The version that answers now; empty where the server does not tell."""
        self._metadata = Metadata(_object(self._http.send("GET", f"{self._http.path}/metadata")))
        return self._metadata.version or ready_version(
            _object(self._http.send("GET", self._http.path))
        )

    def _decoded(self, answer: Answer) -> dict[str, Any]:
        """The JSON object of an answer.

        Raises:
            UserError: the status is not 200, or the body no JSON object.
        """
        if answer.status != 200:
            told = str(_parsed(answer).get("error", ""))
            words = f": {self._http.redacted(told)}" if told else ""
            remedy = REMEDIES.get(answer.status, "")
            if UNKNOWN_SIGNATURE.search(told):
                remedy = "Name one of its signatures with --signature."
            elif _too_many(answer.status, told):
                remedy = REMEDIES[413]
            raise UserError(f"{self.name} to answer", f"HTTP status {answer.status}{words}", remedy)
        content = _parsed(answer)
        if not content:
            raise UserError(
                f"a JSON object from {self.name}",
                self._http.redacted(_described(answer)),
                "" if not answer.body else "Is there a proxy or a login in between?",
            )
        return content


REMEDIES = {
    401: f"Put the token into the environment variable {TOKEN_VARIABLE}.",
    403: f"Put the token into the environment variable {TOKEN_VARIABLE}.",
    404: "Is the model's name right, and is that version loaded?",
    407: "Put the proxy's user and password into HTTP_PROXY: http://user:password@host:port.",
    413: "The request is too large: send fewer samples at once with --batch.",
    429: "The server limits queries; go on later with the same command.",
    503: "The server is not ready; go on later with the same command.",
}


def _too_many(status: int, told: str) -> bool:
    """Tell whether a server refused a request for its number of samples."""
    return status == 413 or (status in (400, 500) and TOO_MANY.search(told) is not None)


def _described(answer: Answer) -> str:
    """Describe an answer that is no JSON object: its type and its beginning."""
    if not answer.body:
        return "an empty body"
    kind = answer.content_type.partition(";")[0].strip() or "an unknown type"
    text = answer.body[:2000].decode("utf-8", "replace")
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    return f"{len(answer.body)} bytes of {kind}: {one_line(title[1] if title else text, 80)}"


def _object(answer: Answer) -> dict[str, Any]:
    """The JSON object of an optional answer; empty when there is none."""
    return _parsed(answer) if answer.status == 200 else {}


def _parsed(answer: Answer) -> dict[str, Any]:
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
