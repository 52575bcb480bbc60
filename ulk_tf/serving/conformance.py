"""Will TF Serving run it? Checks that loading a SavedModel in Python would not make.

A stock server has no Python, does not compile with XLA, stacks requests along the first
dimension, and replays the warm-up file before it declares a model available.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ulk_tf.errors import UserError
from ulk_tf.files import Array, load_npz
from ulk_tf.serving import cpp_session, warmup
from ulk_tf.serving.graph import Graph, Signature

EXPECTED = Path("assets.extra") / "expected.npz"
TOLERANCE = 1e-5
KEPT_VALUES = 4096  # of each row of an output; enough to tell any difference, small on disk


@dataclass(frozen=True)
class Problem:
    """One reason why TF Serving would not run a SavedModel, or would run it wrongly.

    Attributes:
        check: the check that failed, one of `CHECKS`.
        reason: what is wrong, and what would be right.
    """

    check: str
    reason: str


def check(folder: Path, name: str | None = None) -> list[Problem]:
    """Check one version folder.

    Args:
        folder: holds saved_model.pb.
        name: the name that the folder will have, where that is not its name yet.

    Returns:
        Every problem found; empty when TF Serving will run it.

    Raises:
        UserError: there is no SavedModel to check.
    """
    subject = _Subject(folder, folder.name if name is None else name, Graph(folder))
    return [Problem(label, reason) for label, test in CHECKS.items() for reason in test(subject)]


def require(folder: Path, name: str | None = None) -> None:
    """Raise `UserError` with every reason when `check` finds any."""
    problems = check(folder, name)
    if problems:
        reasons = "; ".join(f"{problem.check}: {problem.reason}" for problem in problems)
        raise UserError("a SavedModel that TF Serving can run", f"{folder}: {reasons}")


def thinned(value: Array) -> Array:
    """At most about `KEPT_VALUES` evenly spaced values of each row of an output.

    Args:
        value: [batch, ...].

    Returns:
        [batch, kept].
    """
    rows = value.reshape(len(value), -1)
    return rows[:, :: max(1, rows.shape[1] // KEPT_VALUES)]


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
    found = sorted(subject.graph.python_operations())
    if found:
        yield f"{', '.join(found)} calls Python, which a server does not have"


def _xla(subject: _Subject) -> Iterator[str]:
    found = sorted(subject.graph.xla_operations())
    if found:
        yield f"{', '.join(found)} needs XLA, which a stock server does not have"


def _state(subject: _Subject) -> Iterator[str]:
    found = sorted(subject.graph.stateful_operations())
    if found:
        yield (
            f"{', '.join(found)} changes state or draws from it, so that equal requests get "
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


def mismatch(signature: Signature, inputs: Mapping[str, Array]) -> str:
    """Say why `inputs` do not fit `signature`; empty when they do."""
    if set(inputs) != set(signature.inputs):
        wanted = ", ".join(signature.inputs)
        return f"inputs are named {', '.join(sorted(inputs))} and not {wanted}"
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
    """Load in C++, run a batch of two, its rows one by one and the warm-up, and compare."""
    signatures = subject.graph.signatures
    pairs = {name: example_inputs(one, 2) for name, one in signatures.items()}
    plan = [
        (name, {label: value[rows] for label, value in pair.items()})
        for name, pair in pairs.items()
        if pair is not None
        for rows in (slice(0, 2), slice(0, 1), slice(1, 2))
    ]
    compared = len(plan)
    plan += [(request.signature, dict(request.inputs)) for request in _replayed(subject)]
    calls = [
        (
            {signatures[name].inputs[label].name: value for label, value in rows.items()},
            [tensor.name for tensor in signatures[name].outputs.values()],
        )
        for name, rows in plan
    ]
    try:
        answers = cpp_session.run(subject.folder, calls)
    except cpp_session.SessionError as error:
        yield f"TensorFlow's C++ loader says: {error}"
        return
    expected = load_npz(subject.folder / EXPECTED) if (subject.folder / EXPECTED).exists() else {}
    for start in range(0, compared, 3):
        name = plan[start][0]
        for index, label in enumerate(signatures[name].outputs):
            both, first, second = (thinned(answers[start + i][index]) for i in range(3))
            yield from _compare(f"{name}/{label}", both, first, second, expected)


def _compare(
    where: str, both: Array, first: Array, second: Array, expected: Mapping[str, Array]
) -> Iterator[str]:
    if not np.isfinite(both).all():
        yield f"{where} answers numbers that are not finite"
        return
    apart = np.concatenate([first, second])
    if apart.shape != both.shape or not np.allclose(apart, both, rtol=TOLERANCE, atol=TOLERANCE):
        yield f"{where} answers a batch of two otherwise than its rows one by one"
    if where in expected:
        worst = float(np.max(np.abs(expected[where] - both), initial=0.0))
        if not np.allclose(expected[where], both, rtol=TOLERANCE, atol=TOLERANCE):
            yield f"{where} differs from Keras by {worst:.2g}; at most {TOLERANCE:g} is right"


def example_inputs(signature: Signature, batch: int) -> dict[str, Array] | None:
    """Inputs of the right types and shapes; None where a shape or type is open.

    Args:
        signature: what to feed; `before` and `after` get made-up posteriors.
        batch: number of rows.
    """
    made: dict[str, Array] = {}
    random = np.random.default_rng(0)
    for name, tensor in signature.inputs.items():
        open_shape = not tensor.shape or tensor.shape[0] is not None or None in tensor.shape[1:]
        if open_shape or tensor.dtype not in cpp_session.NUMBERS:
            return None
        shape = (batch, *(size or 0 for size in (tensor.shape or ())[1:]))
        if name in ("before", "after") and len(shape) == 3:
            pair = warmup.example_posteriors(shape, seed=0)
            made[name] = pair[name == "after"]
        elif np.issubdtype(np.dtype(tensor.dtype), np.integer):
            made[name] = random.integers(0, 100, shape).astype(tensor.dtype)
        else:
            made[name] = random.random(shape).astype(tensor.dtype)
    return made


def _replayed(subject: _Subject) -> list[warmup.Request]:
    """The warm-up requests, where that check has nothing against them."""
    path = subject.folder / warmup.FILE
    return list(warmup.read(path)) if path.exists() and not list(_warmup(subject)) else []


CHECKS: dict[str, Check] = {
    "version folder": _version_folder,
    "no Python": _python,
    "no XLA": _xla,
    "no state": _state,
    "batchable": _batch,
    "warm-up": _warmup,
    "C++ loader": _cpp_run,
}
