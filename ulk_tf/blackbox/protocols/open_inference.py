"""The Open Inference Protocol, version 2, over HTTP: KServe, Triton, MLServer, OpenVINO.

URLs: `http://host:8080/v2/models/m`, or `.../versions/3`. The model's metadata is asked for the
name, type and shape of its inputs and outputs; servers may leave all of it out. Tensors are sent
and read as JSON. The version that answered stands in most answers.
"""

import base64
import re
from typing import Any

import numpy as np

from ulk_tf.blackbox.encoding import png
from ulk_tf.blackbox.fitting import as_integers, fitted
from ulk_tf.blackbox.protocols.protocol import (
    Choices,
    Get,
    Input,
    NotSpoken,
    ServingProtocol,
    kind_of,
)
from ulk_tf.blackbox.protocols.tensors import Tensor, TensorSpec, read_specs
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.reasons import one_line

TEXT = "BYTES"
# The type of samples for a model that does not tell what it takes.
TYPES = {"u1": "UINT8", "f4": "FP32", "f8": "FP64", "i8": "INT64", "i4": "INT32"}
UNNAMED = "input-0"


class OpenInference(ServingProtocol):
    """A model behind the Open Inference Protocol; see `ServingProtocol`."""

    name = "open-inference"
    form = "http://host:8080/v2/models/<name>[/versions/<version>]"
    pattern = re.compile(r"^(?P<model>.*/v2/models/[^/]+(/versions/(?P<version>[^/]+))?)(/infer)?$")
    verb = "/infer"

    def __init__(self, path: str, who: str, choices: Choices) -> None:
        super().__init__(path, who, choices)
        self._asked = False
        self._versions: tuple[str, ...] = ()
        self._input: TensorSpec | None = None
        self._outputs: tuple[TensorSpec, ...] = ()
        self._told: str | None = None  # by answers

    def find_version(self, get: Get) -> str | None:
        """Ask the metadata until answers tell their version; see `ServingProtocol`."""
        if self._told:
            return self._told
        content = get(self.model)
        if not self._asked and isinstance(content, dict):
            self._asked = True
            self._learn(content)
        versions = content.get("versions") if isinstance(content, dict) else None
        # Of several versions, the metadata does not tell which one answers.
        only = versions[0] if isinstance(versions, list) and len(versions) == 1 else ""
        return None if self._told is None else one_line(str(only), 80)

    def _learn(self, content: dict[str, Any]) -> None:
        inputs = read_specs(content.get("inputs"))
        self._outputs = read_specs(content.get("outputs"))
        if len(inputs) > 1:
            raise UserError(
                "a model with one input, which takes the samples",
                f"{self._who} with {len(inputs)}: {', '.join(one.name for one in inputs)}",
                "Serve a model that takes only the samples and fills in the others, or describe "
                "the request with --request=template.json.",
            )
        self._input = inputs[0] if inputs else None
        names = [one.name for one in self._outputs]
        wanted = self._choices.output
        if wanted is not None and names and wanted not in names:
            raise UserError(f"--output to be one of {', '.join(names)}", repr(wanted))
        takes = f"takes {inputs[0]}" if inputs else "does not tell what it takes"
        gives = ", ".join(map(str, self._outputs))
        self.note(f"The model {takes}{f' and answers {gives}' if gives else ''}.")

    def _taken(self, sample_shape: tuple[int, ...]) -> Input:
        """Read what the model takes; servers write the shape with its batch or without."""
        spec = self._input
        if spec is None or spec.shape is None:
            return Input("" if spec is None else spec.datatype)
        if spec.datatype == TEXT:  # one file, whatever the shape of the image in it
            return Input(TEXT, None, spec.shape[0] if spec.shape else None)
        if len(spec.shape) == 1 or spec.shape == sample_shape:
            return Input(spec.datatype, spec.shape)
        return Input(spec.datatype, spec.shape[1:], spec.shape[0])

    def batch(self, samples: Array) -> int | None:
        """The batch of the input; see `ServingProtocol`."""
        return self._taken(samples.shape[1:]).batch

    def request(self, samples: Array) -> Any:
        """One tensor, its data in one list; see `ServingProtocol`."""
        taken = self._taken(samples.shape[1:])
        shaped, note = fitted(samples, taken.shape, self._who)
        self.note(note)
        datatype = taken.dtype or TYPES.get(shaped.dtype.str[1:], "FP32")
        one: dict[str, Any] = {"name": self._input.name if self._input else UNNAMED}
        if datatype == TEXT:
            self.note("The model takes BYTES; samples were sent as PNG files in base64.")
            files = [base64.b64encode(png(image)).decode() for image in samples]
            width = [1] if self._input and len(self._input.shape or ()) > 1 else []
            one |= {"shape": [len(files), *width], "datatype": TEXT, "data": files}
            one["parameters"] = {"content_type": "base64"}
        else:
            whole = datatype.startswith(("INT", "UINT"))
            numbers = as_integers(shaped, datatype) if whole else shaped
            one |= {"shape": list(shaped.shape), "datatype": datatype}
            one["data"] = numbers.ravel().tolist()
        content: dict[str, Any] = {"inputs": [one]}
        if self._choices.output is not None:
            content["outputs"] = [{"name": self._choices.output}]
        return content

    def read(self, content: Any, rows: int) -> tuple[Any, str]:
        """Tensors by name, and the version; see `ServingProtocol`."""
        found = content.get("outputs") if isinstance(content, dict) else None
        if not isinstance(found, list) or not all(map(Tensor.is_one, found)) or not found:
            raise NotSpoken(
                'an answer with "outputs", each with name, shape, datatype and data',
                kind_of(content),
            )
        version = content.get("model_version")
        self._told = one_line(str(version), 80) if isinstance(version, str | int) else ""
        tensors = [Tensor.read(one) for one in found]
        values: dict[str, np.ndarray] = {one.name: one.values for one in tensors}
        # One row of one sample may come without its batch.
        single = {
            name: value[np.newaxis] if rows == 1 and value.ndim == 1 and len(value) > 1 else value
            for name, value in values.items()
        }
        return single, self._told

    @classmethod
    def recognises(cls, content: Any) -> bool:
        """Tell whether there are tensors; see `ServingProtocol`."""
        found = content.get("outputs") if isinstance(content, dict) else None
        return isinstance(found, list) and bool(found) and all(map(Tensor.is_one, found))
