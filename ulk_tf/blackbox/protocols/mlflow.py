"""MLflow's `/invocations`: `mlflow models serve`, Databricks, SageMaker, Azure ML.

The server has no metadata: a model with a signature says in its refusals what it takes, and is
then asked so. Neither does it tell its version.
"""

import ast
import re
from typing import Any

from ulk_tf.blackbox.fitting import as_integers, fitted
from ulk_tf.blackbox.protocols.protocol import Choices, Input, NotSpoken, ServingProtocol, kind_of
from ulk_tf.files import Array
from ulk_tf.reasons import one_line

# How a refusal quotes a signature: tensors, or columns with their types.
TENSOR = re.compile(
    r"schema '\[Tensor\('(?P<dtype>\w{1,20})', \((?P<shape>(?:-?\d{1,9}(?:, ?)?){1,9})\)\)\]'"
)
COLUMN = re.compile(r"(?P<name>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"): (?P<dtype>\w+)")
# What the server refused, quoted in full before the reason.
QUOTED = re.compile(r"^.*\bError: ", re.DOTALL)


class MLflow(ServingProtocol):
    """A model behind MLflow's scoring server; see `ServingProtocol`."""

    name = "mlflow"
    form = "http://host:5000/invocations"
    pattern = re.compile(r"^(?P<model>.*/invocations)$")

    def __init__(self, path: str, who: str, choices: Choices) -> None:
        super().__init__(path, who, choices)
        self._input = Input()
        self._columns: list[str] = []
        self._field = "inputs"

    def batch(self, samples: Array) -> int | None:
        """The batch of the signature, once it is known; see `ServingProtocol`."""
        return self._input.batch

    def request(self, samples: Array) -> Any:
        """One array, or a table of named columns; see `ServingProtocol`."""
        shaped, note = fitted(samples, self._input.shape, self._who)
        self.note(note)
        whole = self._input.dtype.startswith(("int", "uint", "long"))
        rows = (as_integers(shaped, self._input.dtype) if whole else shaped).tolist()
        if not self._columns:
            return {self._field: rows}
        return {"dataframe_split": {"columns": self._columns, "data": rows}}

    def adapt(self, status: int, words: str) -> bool:
        """Learn the signature that a refusal quotes; see `ServingProtocol`."""
        tensor, columns = TENSOR.search(words), _quoted_columns(words)
        if tensor and self._input == Input():
            sizes = [int(size) for size in tensor["shape"].split(",") if size.strip()]
            shape = tuple(size if size > 0 else None for size in sizes)
            self._input = Input(tensor["dtype"], shape[1:], shape[0] if shape else None)
            self.note(f"The model says that it takes {tensor['dtype']} [{tensor['shape']}].")
            return True
        if columns and not self._columns:
            kinds = {dtype for _, dtype in columns}
            self._columns = [name for name, _ in columns]
            self._input = Input(kinds.pop() if len(kinds) == 1 else "", (len(columns),))
            self.note(
                f"The model takes {len(columns)} named columns, {one_line(self._columns[0], 40)} "
                f"to {one_line(self._columns[-1], 40)}; samples were sent under these names, in "
                "the order of the model's signature."
            )
            return True
        if "instances" in words and "inputs" not in words and self._field == "inputs":
            self._field = "instances"  # what servers of other makers may know alone
            return True
        return False

    def read(self, content: Any, rows: int) -> tuple[Any, str]:
        """Predictions; see `ServingProtocol`."""
        found = content.get("predictions") if isinstance(content, dict) else content
        # MLflow 1 answers the bare list.
        if not isinstance(found, list | dict) or not found:
            raise NotSpoken('an answer with "predictions"', kind_of(content))
        return found, ""

    def remedy(self, status: int, words: str) -> str:
        """Say how named columns can be sent; see `ServingProtocol`."""
        if "schema" not in words.lower() and "column" not in words.lower():
            return ""
        return (
            "Describe what the model takes with --request=template.json: "
            '{"dataframe_split": {"columns": [...], "data": "{{samples:flat}}"}}.'
        )

    def reason(self, words: str) -> str:
        """Leave out the samples that a refusal quotes; see `ServingProtocol`."""
        return QUOTED.sub("", words)

    @classmethod
    def recognises(cls, content: Any) -> bool:
        """Tell whether there are predictions, or an error of MLflow's; see `ServingProtocol`."""
        return isinstance(content, dict) and bool({"predictions", "error_code"} & {*content})


def _quoted_columns(words: str) -> list[tuple[str, str]]:
    """Names and types of the columns of the signature that a refusal quotes, in its order."""
    start = words.find("schema '[")
    end = words.find("]'", start)
    if start < 0 or end < 0:
        return []
    return [(_unquoted(c["name"]), c["dtype"]) for c in COLUMN.finditer(words[start + 9 : end])]


def _unquoted(name: str) -> str:
    try:
        return str(ast.literal_eval(name))
    except (ValueError, SyntaxError):
        return name[1:-1]
