"""Graph of a SavedModel, parsed from saved_model.pb: nothing is loaded into TensorFlow or run."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework import op_def_registry

from ulk_tf.errors import UserError

MAX_BYTES = 2**31  # a protocol buffer cannot be larger

PYTHON = frozenset({"PyFunc", "PyFuncStateless", "EagerPyFunc", "NumpyFunction"})
WRITING = frozenset({"DeleteRecursively", "Save", "SaveDatasetV2", "WriteFile"})
READING = frozenset(
    {
        "InitializeTableFromTextFileV2",
        "MatchingFiles",
        "ReadFile",
        "TFRecordDatasetV2",
        "TextLineDataset",
    }
)
# Operations that save and restore the variables of every SavedModel; no signature calls them.
VARIABLES = frozenset({"MergeV2Checkpoints", "RestoreV2", "SaveV2"})
# Operations that TensorFlow marks as stateful since they name or read a resource, or call
# functions (which are examined here too). None of them changes the result of a later call.
HARMLESS = frozenset(
    {
        "Assert",
        "Case",
        "DisableCopyOnRead",
        "For",
        "HashTableV2",
        "If",
        "LookupTableFindV2",
        "LookupTableSizeV2",
        "ReadVariableOp",
        "ResourceGather",
        "ResourceGatherNd",
        "StatefulPartitionedCall",
        "VarHandleOp",
        "VarIsInitializedOp",
        "VariableShape",
        "While",
    }
)


@dataclass(frozen=True)
class Tensor:
    """Input or output of a signature.

    Attributes:
        name: name of the tensor in the graph, "operation:index".
        dtype: name of its type in NumPy.
        shape: size of each dimension, None for any size; None as a whole for any rank.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class GraphSignature:
    """Signature of a served function.

    Attributes:
        inputs: its input tensors by name.
        outputs: its output tensors by name.
    """

    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]


class Graph:
    """Graph that TF Serving would serve, the one tagged "serve".

    Args:
        folder: the folder with saved_model.pb.

    Raises:
        UserError: there is no readable saved_model.pb, or none of its graphs is for serving.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "saved_model.pb"
        try:
            if path.stat().st_size > MAX_BYTES:
                raise UserError(
                    f"a SavedModel of at most {MAX_BYTES} bytes", f"{path}, which is larger"
                )
            model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
        except (OSError, DecodeError) as error:
            raise UserError(
                "a SavedModel: a folder with a readable saved_model.pb",
                f"{folder} ({type(error).__name__})",
            ) from error
        served = [graph for graph in model.meta_graphs if "serve" in graph.meta_info_def.tags]
        if not served:
            raise UserError('a SavedModel with a graph tagged "serve"', f"{folder}")
        self._meta = served[0]
        self._functions = {f.signature.name: f for f in self._meta.graph_def.library.function}
        try:
            self.signatures = {
                name: GraphSignature(_tensors(one.inputs), _tensors(one.outputs))
                for name, one in self._meta.signature_def.items()
                if not name.startswith("__")
            }
        except TypeError as error:
            raise UserError("a SavedModel with types that exist", f"{folder} ({error})") from error

    def python_operations(self) -> set[str]:
        """Return the operations that call back into a Python interpreter."""
        return {node.op for node in self._reached() if node.op in PYTHON}

    def xla_operations(self) -> set[str]:
        """Return the operations and functions that run only when compiled by XLA."""
        operations = {node.op for node in self._reached() if node.op.startswith("Xla")}
        for node in self._reached():
            if node.attr["_XlaMustCompile"].b:
                operations.add("_XlaMustCompile")
        for name in self._reached_functions():
            if self._functions[name].attr["_XlaMustCompile"].b:
                operations.add("_XlaMustCompile")
        return operations

    def stateful_operations(self) -> set[str]:
        """Return the operations that make a call depend on, or change, more than its inputs."""
        operations = set()
        for node in self._reached():
            if node.op in HARMLESS or node.op in PYTHON or node.op.startswith("Xla"):
                continue
            known = op_def_registry.get(node.op)
            if known is not None and known.is_stateful:
                operations.add(node.op)
        return operations

    def file_operations(self) -> set[str]:
        """Return the operations that read or write files, anywhere: loading runs some of them."""
        inside = (function.node_def for function in self._functions.values())
        everywhere = itertools.chain(self._meta.graph_def.node, *inside)
        operations = {node.op for node in everywhere if node.op in WRITING | READING}
        return operations | {node.op for node in self._reached() if node.op in VARIABLES}

    def _reached(self) -> Iterator[Any]:
        """Yield every node that a call of any signature may run."""
        yield from self._top_nodes()
        for name in self._reached_functions():
            yield from self._functions[name].node_def

    def _top_nodes(self) -> list[Any]:
        by_name = {node.name: node for node in self._meta.graph_def.node}
        waiting = [
            _operation(tensor.name)
            for signature in self.signatures.values()
            for tensor in signature.outputs.values()
        ]
        seen: dict[str, Any] = {}
        while waiting:
            name = waiting.pop()
            if name not in seen and name in by_name:
                seen[name] = by_name[name]
                waiting.extend(_operation(source) for source in by_name[name].input)
        return list(seen.values())

    def _reached_functions(self) -> list[str]:
        waiting = list(_called(self._top_nodes()))
        seen: dict[str, None] = {}
        while waiting:
            name = waiting.pop()
            if name not in seen and name in self._functions:
                seen[name] = None
                waiting.extend(_called(self._functions[name].node_def))
        return list(seen)


def _operation(tensor: str) -> str:
    return tensor.removeprefix("^").partition(":")[0]


def _called(nodes: Iterable[Any]) -> Iterator[str]:
    for node in nodes:
        yield node.op
        for value in node.attr.values():
            if value.HasField("func"):
                yield value.func.name
            yield from (function.name for function in value.list.func)


def _tensors(infos: Mapping[str, Any]) -> dict[str, Tensor]:
    return {name: _tensor(info) for name, info in sorted(infos.items())}


def _tensor(info: Any) -> Tensor:
    shape = info.tensor_shape
    sizes = (
        None
        if shape.unknown_rank
        else tuple(None if size.size < 0 else size.size for size in shape.dim)
    )
    return Tensor(info.name, tf.as_dtype(info.dtype).name, sizes)
