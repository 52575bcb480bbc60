"""Targets in ONNX files, run by ONNX Runtime on this machine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.encoding import png
from ulk_tf.blackbox.fitting import Shape, as_integers
from ulk_tf.blackbox.local import FunctionSource, no_signature
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest, sha256_file
from ulk_tf.reasons import reason

MAX_BYTES = 2 * 2**30  # what a protocol buffer may hold
# Files beside the model that usually hold its weights, when these are not in it.
WEIGHTS = (".onnx.data", ".onnx_data", ".data")
TYPES = {"float": np.float32, "double": np.float64, "float16": np.float16}


def from_onnx_file(
    path: Path, asking: Asking | None = None, class_names: Sequence[str] = ()
) -> FunctionSource:
    """An ONNX file, run on one thread of this machine's processor.

    An ONNX file holds no code beyond the operators of ONNX Runtime: none of its own are loaded.

    Args:
        path: the file.
        asking: settings of the queries.
        class_names: in the order that the attack knows; empty where nobody knows them.

    Raises:
        UserError: ONNX Runtime is not installed, it is no such file or too large, or it takes
            more than one input.
    """
    no_signature(asking, str(path))
    session = _session(path)
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise UserError(
            "a model with one input, which takes the samples",
            f"{path} with {len(inputs)}: {', '.join(one.name for one in inputs)}",
            "Write a module:function that takes only the samples and fills in the others.",
        )
    (taken,) = inputs
    kind = str(taken.type).removeprefix("tensor(").removesuffix(")")
    outputs = [one.name for one in session.get_outputs()]
    wanted = asking.output if asking else None
    if wanted is not None and wanted not in outputs:
        raise UserError(f"--output to be one of {', '.join(outputs)}", repr(wanted))

    def answer(samples: Array) -> dict[str, Any]:
        sent = {taken.name: _array(samples, kind)}
        return dict(zip(outputs, session.run(outputs, sent), strict=True))

    sizes: Shape | None = None
    if kind != "string" and taken.shape:
        # A length that does not matter is None or has a name.
        sizes = tuple(size if isinstance(size, int) and size > 0 else None for size in taken.shape)
    return FunctionSource(
        answer, str(path), f"file {_digest(path)[:16]}", asking, class_names, sizes
    )


def _session(path: Path) -> Any:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UserError("an .onnx file", f"{path} ({error.strerror})") from error
    if size > MAX_BYTES:
        raise UserError(f"an .onnx file of at most {MAX_BYTES} bytes", f"{path} of {size}")
    try:
        import onnxruntime  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UserError(
            "ONNX Runtime for an .onnx file",
            f"a Python without it ({error})",
            "Install it: pip install 'ulk_tf[onnx]'.",
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what fails is raised
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has exceptions of its own for strange files
        raise UserError(
            "an .onnx file that ONNX Runtime can run", f"{path} ({reason(error, named=False)})"
        ) from error


def _array(samples: Array, kind: str) -> Array:
    """Samples in the type that a model takes."""
    if kind == "string":
        return np.array([png(image) for image in samples], object)
    if kind.startswith(("int", "uint")):
        return as_integers(samples, kind).astype(kind)
    return samples.astype(TYPES.get(kind, np.float32))


def _digest(path: Path) -> str:
    beside = [path.with_suffix(end) for end in WEIGHTS]
    return digest(*(sha256_file(file) for file in (path, *beside) if file.is_file()))
