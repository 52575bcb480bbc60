"""Conformance: checks that TF Serving will run a SavedModel, beyond loading it in Python.

A stock server has no Python interpreter and no XLA compiler. It batches requests along the first
dimension and replays the warm-up file before it declares a model available.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.serving import numerics, warmup
from ulk_tf.serving.graph import WRITING, Graph, GraphSignature


@dataclass(frozen=True)
class Problem:
    """Reason why TF Serving would not run a SavedModel, or would run it wrongly.

    Attributes:
        check: the check that failed, one of `CHECKS`.
        reason: the fault, and the correct value or the remedy.
    """

    check: str
    reason: str


def check(folder: Path, name: str | None = None) -> list[Problem]:
    """Check one version folder.

    Args:
        folder: the folder with saved_model.pb.
        name: the folder's final name (its version number); its present name when None.

    Returns:
        All problems; empty when TF Serving will run the model.

    Raises:
        UserError: `folder` holds no readable SavedModel.
    """
    subject = _Subject(folder, folder.name if name is None else name, Graph(folder))
    return [Problem(label, reason) for label, test in CHECKS.items() for reason in test(subject)]


def require(folder: Path, name: str | None = None) -> None:
    """Raise `UserError` with all reasons when `check` reports a problem; arguments as `check`."""
    problems = check(folder, name)
    if problems:
        reasons = "; ".join(f"{problem.check}: {problem.reason}" for problem in problems)
        raise UserError("a SavedModel that TF Serving can run", f"{folder}: {reasons}")


@dataclass(frozen=True)
class _Subject:
    folder: Path
    name: str
    graph: Graph


Check = Callable[[_Subject], Iterator[str]]


def _version_folder(subject: _Subject) -> Iterator[str]:
    if not (subject.name.isascii() and subject.name.isdigit()):
        yield f"the folder is named {subject.name!r}; TF Serving only looks into whole numbers"


def _python(subject: _Subject) -> Iterator[str]:
    operations = sorted(subject.graph.python_operations())
    if operations:
        yield f"{', '.join(operations)} calls Python, which a server does not have"


def _xla(subject: _Subject) -> Iterator[str]:
    operations = sorted(subject.graph.xla_operations())
    if operations:
        yield f"{', '.join(operations)} needs XLA, which a stock server does not have"


def _state(subject: _Subject) -> Iterator[str]:
    operations = sorted(subject.graph.stateful_operations())
    if operations:
        yield (
            f"{', '.join(operations)} changes state or draws from it, so that equal requests get "
            "unequal answers; take seeds as an input and use tf.random.stateless_*"
        )


def _batch(subject: _Subject) -> Iterator[str]:
    if not subject.graph.signatures:
        yield "it has no signature"
    for name, signature in subject.graph.signatures.items():
        for side, tensors in (("input", signature.inputs), ("output", signature.outputs)):
            for label, tensor in tensors.items():
                if not tensor.shape or tensor.shape[0] is not None:
                    shape = "unknown" if tensor.shape is None else list(tensor.shape)
                    yield (
                        f"{side} {label} of {name} has shape {shape}; the first dimension has "
                        "to be the batch, of any size"
                    )


def _warmup(subject: _Subject) -> Iterator[str]:
    path = subject.folder / warmup.FILE
    if not path.exists():
        return
    try:
        requests = list(warmup.read(path))
    except UserError as error:
        yield str(error)
        return
    if len(requests) > warmup.MAX_RECORDS:
        yield f"{len(requests)} records; a server takes {warmup.MAX_RECORDS}"
    for index, request in enumerate(requests):
        signature = subject.graph.signatures.get(request.signature)
        reason = (
            f"signature {request.signature} does not exist"
            if signature is None
            else mismatch(signature, request.inputs)
        )
        if reason:
            yield f"record {index}: {reason}"


def mismatch(signature: GraphSignature, inputs: Mapping[str, Array]) -> str:
    """Return why `inputs` do not fit `signature`, as a sentence; empty when they fit.

    Args:
        signature: the expected names, types and shapes.
        inputs: arrays [batch, ...] by input name.
    """
    if set(inputs) != set(signature.inputs):
        expected = ", ".join(signature.inputs)
        return f"inputs are named {', '.join(sorted(inputs))} and not {expected}"
    for name, tensor in signature.inputs.items():
        value = inputs[name]
        if value.dtype.name != tensor.dtype:
            return f"input {name} is {value.dtype.name} and not {tensor.dtype}"
        if tensor.shape is not None and (
            value.ndim != len(tensor.shape)
            or any(
                want not in (None, have)
                for want, have in zip(tensor.shape, value.shape, strict=True)
            )
        ):
            return f"input {name} has shape {list(value.shape)} and not {list(tensor.shape)}"
    return ""


def _cpp_run(subject: _Subject) -> Iterator[str]:
    writing = sorted(subject.graph.file_operations() & WRITING)
    if writing:
        yield f"not tried, because {', '.join(writing)} would change files of yours"
        return
    path = subject.folder / warmup.FILE
    good = path.exists() and not list(_warmup(subject))
    requests = list(warmup.read(path)) if good else []
    yield from numerics.differences(subject.folder, subject.graph.signatures, requests)


CHECKS: dict[str, Check] = {
    "version folder": _version_folder,
    "no Python": _python,
    "no XLA": _xla,
    "no state": _state,
    "batchable": _batch,
    "warm-up": _warmup,
    "C++ loader": _cpp_run,
}
