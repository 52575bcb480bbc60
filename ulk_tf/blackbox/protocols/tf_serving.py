"""TF Serving's REST interface, which KServe and others speak as their first version.

URLs: `http://host:8501/v1/models/m`, which is whatever version the server holds for the latest,
`.../versions/3`, or `.../labels/stable`. A predict answer does not say which version gave it, so
the model's metadata, or else its status, is asked before and after each batch.
"""

import base64
import re
from typing import Any

from ulk_tf.blackbox.encoding import png
from ulk_tf.blackbox.fitting import as_integers, fitted
from ulk_tf.blackbox.protocols.protocol import Get, Input, NotSpoken, ServingProtocol, kind_of
from ulk_tf.blackbox.protocols.tf_metadata import INTEGERS, TEXT, Metadata, ready_version
from ulk_tf.blackbox.signatures import DEFAULT
from ulk_tf.files import Array

# What a server says of a model whose outputs are no rows, and of a signature that is not there.
NO_ROWS = "inconsistent batch size"
UNKNOWN_SIGNATURE = re.compile(r"signature.*not found", re.IGNORECASE)


class TFServing(ServingProtocol):
    """A model at TF Serving; see `ServingProtocol`."""

    name = "tf-serving"
    form = "http://host:8501/v1/models/<name>[/versions/<number>]"
    pattern = re.compile(
        r"^(?P<model>.*/v1/models/[^/:]+(/versions/(?P<version>\d+)|/labels/[^/:]+)?)(:predict)?$"
    )
    verb = ":predict"
    takes_signature = True
    _metadata = Metadata({})
    _columns = False

    def find_version(self, get: Get) -> str | None:
        """Ask the metadata, or else the status; see `ServingProtocol`."""
        self._metadata = Metadata(_object(get(f"{self.model}/metadata")))
        return self._metadata.version or ready_version(_object(get(self.model)))

    def batch(self, samples: Array) -> int | None:
        """The batch of the signature; see `ServingProtocol`."""
        taken = self._signature()[1]
        return taken.batch if taken else None

    def request(self, samples: Array) -> Any:
        """Rows, or columns where the model answers no rows; see `ServingProtocol`."""
        signature, taken = self._signature()
        if signature is not None and self._choices.signature is None:
            self.note(f"The model has no {DEFAULT}; its only signature {signature} was asked.")
        content: dict[str, Any] = {}
        if signature is not None:
            content["signature_name"] = signature
        shaped, note = fitted(samples, None if taken is None else taken.shape, self._who)
        self.note(note)
        kind = taken.dtype if taken else ""
        rows: Any
        if kind in TEXT:
            self.note("The model takes encoded images; samples were sent as PNG.")
            rows = [{"b64": base64.b64encode(png(image)).decode()} for image in samples]
        else:
            # TF Serving takes 3 for a float, but not 3.0 for an integer.
            rows = (as_integers(shaped, kind) if kind in INTEGERS else shaped).tolist()
        content["inputs" if self._columns else "instances"] = rows
        return content

    def adapt(self, status: int, words: str) -> bool:
        """Ask in columns where the outputs are no rows; see `ServingProtocol`."""
        if NO_ROWS not in words or self._columns:
            return False
        self._columns = True
        self.note("The server answers in columns; it was asked so.")
        return True

    def read(self, content: Any, rows: int) -> tuple[Any, str]:
        """Predictions, or outputs by name; see `ServingProtocol`."""
        found = content if isinstance(content, dict) else {}
        if "predictions" not in found and self._columns and "outputs" in found:
            return found["outputs"], ""
        if "predictions" not in found:
            raise NotSpoken('an answer with "predictions"', kind_of(content))
        if not isinstance(found["predictions"], list):
            raise NotSpoken('a list of "predictions"', kind_of(found["predictions"]))
        return found["predictions"], ""

    def remedy(self, status: int, words: str) -> str:
        """Name --signature where the one that was asked is not there."""
        found = UNKNOWN_SIGNATURE.search(words[:2000])
        return "Name one of its signatures with --signature." if found else ""

    @classmethod
    def recognises(cls, content: Any) -> bool:
        """Tell whether there are predictions, or a status; see `ServingProtocol`."""
        known = {"predictions", "model_version_status"}
        return isinstance(content, dict) and not known.isdisjoint(content)

    def _signature(self) -> tuple[str | None, Input | None]:
        return self._metadata.signature(self._choices.signature, self._who)


def _object(content: Any) -> dict[str, Any]:
    return content if isinstance(content, dict) else {}
