"""A classifier behind TF Serving's REST interface (or anything that speaks it).

URLs: `http://host:8501/v1/models/m`, which is whatever version the server holds for the latest,
`.../versions/3`, or `.../labels/stable`. A predict answer does not say which version gave it, so
the model's metadata, or else its status, is asked before and after each batch.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ulk_tf.blackbox.answers import checked, pick
from ulk_tf.blackbox.source import Reply
from ulk_tf.blackbox.transport import TOKEN_VARIABLE, Answer, Patience, Transport
from ulk_tf.errors import UserError
from ulk_tf.files import Array

DIALECT = re.compile(r"^.*/v1/models/[^/:]+(/versions/(?P<version>\d+)|/labels/[^/:]+)?$")
INTEGERS = ("DT_UINT8", "DT_INT8", "DT_INT16", "DT_INT32", "DT_INT64", "DT_UINT32", "DT_UINT64")


class Endpoint:
    """A served classifier.

    Args:
        url: of the model, its version or its label.
        output: which of several outputs holds the posteriors; None finds it.
        patience: how long to wait.

    Attributes:
        name: the URL, as it may be written into files.

    Raises:
        UserError: it is no such URL.
    """

    batch: int | None = 32

    def __init__(
        self, url: str, output: str | None = None, patience: Patience | None = None
    ) -> None:
        address = url.removesuffix(":predict").rstrip("/")
        self._http = Transport(address, patience or Patience())
        dialect = DIALECT.match(self._http.path)
        if dialect is None:
            raise UserError("http://host:8501/v1/models/<name>[/versions/<number>]", repr(url))
        self.name = address
        self._output = output
        self._pinned: str = dialect["version"] or ""
        self._signature: Mapping[str, Any] | None = None
        self._version: str | None = None

    def ask(self, samples: Array, spend: Callable[[int], None]) -> Reply:
        """Query with `samples`; see `Source`."""
        if self._version is None:
            self._version = self._pinned or self._find_version()
            if self._pinned:
                self._find_version()  # for the type of the input
        body = self._request(samples)
        answer = self._http.send(
            "POST", f"{self._http.path}:predict", body, lambda: spend(len(samples))
        )
        content = self._decoded(answer)
        if "predictions" not in content:
            raise UserError('an answer with "predictions"', f"{sorted(content)[:5]}")
        values = checked(self._values(content["predictions"]), len(samples))
        before, self._version = self._version, self._pinned or self._find_version()
        if before != self._version:
            raise UserError(
                f"version {before} of {self.name} to answer the whole probing set",
                f"version {self._version} half-way",
                "Probe one version by its URL, .../versions/<number>, or start again.",
            )
        return Reply(values, self._version)

    def _request(self, samples: Array) -> bytes:
        inputs = self._signature or {}
        if len(inputs) > 1:
            raise UserError("a model with one input", f"{len(inputs)}: {', '.join(sorted(inputs))}")
        kind = next((info.get("dtype") for info in inputs.values()), None)
        # TF Serving takes 3 for a float, but not 3.0 for an integer.
        whole = samples.astype(np.int64) if kind in INTEGERS else samples
        return json.dumps({"instances": whole.tolist()}, allow_nan=False).encode()

    def _values(self, predictions: object) -> object:
        if not isinstance(predictions, list):
            raise UserError('a list of "predictions"', type(predictions).__name__)
        if not predictions or not isinstance(predictions[0], dict):
            return predictions
        if not all(
            isinstance(row, dict) and row.keys() == predictions[0].keys() for row in predictions
        ):
            raise UserError("the same outputs for every sample", "different ones")
        columns = {name: [row[name] for row in predictions] for name in predictions[0]}
        return pick(columns, self._output)

    def _find_version(self) -> str:
        """The version that answers now; empty where the server does not tell."""
        metadata = _object(self._http.send("GET", f"{self._http.path}/metadata"))
        self._signature = _inputs(metadata)
        spec = metadata.get("model_spec")
        version = spec.get("version") if isinstance(spec, dict) else None
        if isinstance(version, str | int) and str(version).isdecimal():
            return str(version)
        states = _object(self._http.send("GET", self._http.path)).get("model_version_status")
        ready = [
            int(state["version"])
            for state in (states if isinstance(states, list) else [])
            if isinstance(state, dict)
            and state.get("state") == "AVAILABLE"
            and str(state.get("version")).isdecimal()
        ]
        return str(max(ready)) if ready else ""

    def _decoded(self, answer: Answer) -> dict[str, Any]:
        """The JSON object of an answer.

        Raises:
            UserError: the status is not 200, or the body no JSON object.
        """
        if answer.status != 200:
            told = _parsed(answer).get("error", "")
            words = f": {self._http.redacted(str(told))}" if told else ""
            remedy = REMEDIES.get(answer.status, "")
            raise UserError(f"{self.name} to answer", f"HTTP status {answer.status}{words}", remedy)
        content = _parsed(answer)
        if not content:
            raise UserError(f"a JSON object from {self.name}", f"{len(answer.body)} other bytes")
        return content


REMEDIES = {
    401: f"Put the token into the environment variable {TOKEN_VARIABLE}.",
    403: f"Put the token into the environment variable {TOKEN_VARIABLE}.",
    404: "Is the model's name right, and is that version loaded?",
    429: "The server limits queries; go on later with the same command.",
    503: "The server is not ready; go on later with the same command.",
}


def _object(answer: Answer) -> dict[str, Any]:
    """The JSON object of an optional answer; empty when there is none."""
    return _parsed(answer) if answer.status == 200 else {}


def _parsed(answer: Answer) -> dict[str, Any]:
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _inputs(metadata: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The inputs of serving_default in TF Serving's metadata, where it tells them."""
    found: Any = metadata
    for key in ("metadata", "signature_def", "signature_def", "serving_default", "inputs"):
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict) or not all(isinstance(info, dict) for info in found.values()):
        return None
    return found
