"""C++ session: load and run a SavedModel with TensorFlow's C++ loader, in a child process.

TF Serving loads models with the same code. The child process imports only ctypes, NumPy and
`libtensorflow_cc`, so an operation that is implemented in Python fails there as on a server.
"""

import ctypes
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

# TF_DataType numbers of types.proto, for the types that NumPy has too.
TYPES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    9: "int64",
    10: "bool",
    19: "float16",
}
NUMBERS = {name: number for number, name in TYPES.items()}


class SessionError(Exception):
    """Failure of the C++ loader to load or to run the model; carries the loader's message."""


def run(
    folder: Path, calls: Sequence[tuple[Mapping[str, Any], list[str]]], timeout: float = 300.0
) -> list[list[Any]]:
    """Load `folder` once in a child process and make `calls` there.

    Args:
        folder: a SavedModel.
        calls: for each call, the arrays to feed by tensor name ("op:0") and the names of the
            tensors to fetch.
        timeout: seconds for loading and all calls together.

    Returns:
        For each call, its fetched arrays.

    Raises:
        SessionError: the model cannot be loaded or run, or the timeout has passed.
    """
    with tempfile.TemporaryDirectory(prefix="ulk_tf_check_") as scratch:
        request, answer = Path(scratch) / "request.npz", Path(scratch) / "answer.npz"
        plan = [{"feeds": list(feeds), "fetches": fetches} for feeds, fetches in calls]
        arrays = {
            f"{i}_{j}": np.asarray(value)
            for i, (feeds, _) in enumerate(calls)
            for j, value in enumerate(feeds.values())
        }
        np.savez(request, allow_pickle=False, plan=np.array(json.dumps(plan)), **arrays)
        command = [sys.executable, "-I", __file__, str(folder), str(request), str(answer)]
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        try:
            done = subprocess.run(  # noqa: S603 (this interpreter, this file)
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout,
                check=False,
                env=os.environ | quiet,
            )
        except subprocess.TimeoutExpired:
            raise SessionError(f"no answer within {timeout:.0f} seconds") from None
        if done.returncode != 0 or not answer.exists():
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise SessionError(last)
        with np.load(answer, allow_pickle=False) as fetched:
            return [
                [fetched[f"{i}_{j}"] for j in range(len(fetches))]
                for i, (_, fetches) in enumerate(calls)
            ]


class _Output(ctypes.Structure):
    _fields_ = (("oper", ctypes.c_void_p), ("index", ctypes.c_int))


def _library() -> Any:
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("tensorflow is not installed")
    folder = Path(next(iter(spec.submodule_search_locations)))
    ctypes.CDLL(str(next(folder.glob("libtensorflow_framework.*"))), mode=ctypes.RTLD_GLOBAL)
    library = ctypes.CDLL(str(next(folder.glob("libtensorflow_cc.*"))), mode=ctypes.RTLD_GLOBAL)
    pointers = (
        "TF_NewStatus TF_NewSessionOptions TF_NewGraph TF_LoadSessionFromSavedModel "
        "TF_GraphOperationByName TF_AllocateTensor TF_TensorData"
    )
    for name in pointers.split():
        getattr(library, name).restype = ctypes.c_void_p
    library.TF_Message.restype = ctypes.c_char_p
    library.TF_TensorByteSize.restype = ctypes.c_size_t
    library.TF_Dim.restype = ctypes.c_int64
    return library


class _Session:
    """Loaded SavedModel, in the child process; freed when that process ends."""

    def __init__(self, folder: str) -> None:
        self._tf = _library()
        self._status = ctypes.c_void_p(self._tf.TF_NewStatus())
        self._graph = ctypes.c_void_p(self._tf.TF_NewGraph())
        tags = (ctypes.c_char_p * 1)(b"serve")
        self._session = ctypes.c_void_p(
            self._tf.TF_LoadSessionFromSavedModel(
                ctypes.c_void_p(self._tf.TF_NewSessionOptions()),
                None,
                folder.encode(),
                tags,
                1,
                self._graph,
                None,
                self._status,
            )
        )
        self._check("load")

    def call(self, feeds: Mapping[str, Any], fetches: list[str]) -> list[Any]:
        """Feed arrays by tensor name, and fetch tensors by name."""
        inputs = (_Output * len(feeds))(*map(self._output, feeds))
        values = (ctypes.c_void_p * len(feeds))(*map(self._tensor, feeds.values()))
        outputs = (_Output * len(fetches))(*map(self._output, fetches))
        results = (ctypes.c_void_p * len(fetches))()
        self._tf.TF_SessionRun(
            self._session,
            None,
            inputs,
            values,
            len(feeds),
            outputs,
            results,
            len(fetches),
            None,
            0,
            None,
            self._status,
        )
        self._check("run")
        return [self._array(ctypes.c_void_p(result)) for result in results]

    def _check(self, stage: str) -> None:
        if self._tf.TF_GetCode(self._status) != 0:
            words = self._tf.TF_Message(self._status).decode(errors="replace")
            raise SystemExit(f"{stage}: {' '.join(words.split())[:600]}")

    def _output(self, tensor: str) -> _Output:
        name, _, index = tensor.partition(":")
        operation = self._tf.TF_GraphOperationByName(self._graph, name.encode())
        if not operation:
            raise SystemExit(f"run: the graph has no operation {name}")
        return _Output(operation, int(index or 0))

    def _tensor(self, value: Any) -> int:
        value = np.ascontiguousarray(value)
        shape = (ctypes.c_int64 * value.ndim)(*value.shape)
        tensor = self._tf.TF_AllocateTensor(
            NUMBERS[value.dtype.name], shape, value.ndim, ctypes.c_size_t(value.nbytes)
        )
        data = self._tf.TF_TensorData(ctypes.c_void_p(tensor))
        ctypes.memmove(data, value.ctypes.data, value.nbytes)
        return int(tensor)

    def _array(self, tensor: ctypes.c_void_p) -> Any:
        kind = TYPES.get(self._tf.TF_TensorType(tensor))
        if kind is None:
            raise SystemExit("run: an output has a type that is not a plain number")
        shape = [self._tf.TF_Dim(tensor, i) for i in range(self._tf.TF_NumDims(tensor))]
        data = self._tf.TF_TensorData(tensor)
        raw = ctypes.string_at(data, self._tf.TF_TensorByteSize(tensor))
        return np.frombuffer(raw, dtype=kind).reshape(shape)


def _child(folder: str, request: str, answer: str) -> None:
    with np.load(request, allow_pickle=False) as given:
        plan = json.loads(str(given["plan"]))
        session = _Session(folder)
        arrays = {}
        for i, call in enumerate(plan):
            feeds = {name: given[f"{i}_{j}"] for j, name in enumerate(call["feeds"])}
            for j, value in enumerate(session.call(feeds, call["fetches"])):
                arrays[f"{i}_{j}"] = value
    np.savez(answer, allow_pickle=False, **arrays)


if __name__ == "__main__":
    _child(*sys.argv[1:])
