"""Numerics: run a SavedModel as TF Serving would, and compare its outputs with Keras's."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ulk_tf.files import Array, load_npz
from ulk_tf.serving import cpp_session, warmup
from ulk_tf.serving.graph import GraphSignature

EXPECTED = Path("assets.extra") / "expected.npz"
TOLERANCE = 1e-5
MAX_VALUES = 2**27  # in one input
KEPT_VALUES = 4096  # of each row of an output; enough to detect a difference, small on disk
# Relative perturbation of inputs, about the rounding difference between processors, and the
# number of perturbed runs.
NUDGE, NUDGES = 2.0**-22, 3
# Factor on the largest change among so few perturbed runs.
SLACK = 3.0

Answers = Mapping[str, Array]


def differences(
    folder: Path, signatures: Mapping[str, GraphSignature], requests: Sequence[warmup.Request]
) -> Iterator[str]:
    """Run a model in C++ on a batch of two and on its rows one by one, and compare with Keras.

    Args:
        folder: a SavedModel.
        signatures: its signatures.
        requests: warm-up requests; they must run, their outputs are not compared.

    Yields:
        Each fault, as a sentence.
    """
    made = {name: example_inputs(one, 2) for name, one in signatures.items()}
    pairs = {name: inputs for name, inputs in made.items() if inputs is not None}
    calls = [
        warmup.Request(name, {label: value[rows] for label, value in pair.items()})
        for name, pair in pairs.items()
        for rows in (slice(0, 2), slice(0, 1), slice(1, 2))
    ]
    try:
        answers = _run(folder, signatures, [*calls, *requests])
    except cpp_session.SessionError as error:
        yield f"TensorFlow's C++ loader says: {error}"
        return
    recorded = load_npz(folder / EXPECTED) if (folder / EXPECTED).exists() else {}
    for number, (name, pair) in enumerate(pairs.items()):
        both, first, second = answers[3 * number : 3 * number + 3]
        expected = {
            label: recorded[f"{name}/{label}"] for label in both if f"{name}/{label}" in recorded
        }
        for label, value in both.items():
            if not np.isfinite(value).all():
                yield f"{name}/{label} answers numbers that are not finite"
            elif not all(
                _close(one[label], value[row : row + 1]) for row, one in enumerate((first, second))
            ):
                yield f"{name}/{label} answers a batch of two otherwise than its rows one by one"
        apart = [label for label, wanted in expected.items() if not _close(wanted, both[label])]
        if apart:
            tries = [warmup.Request(name, nudged(pair, seed)) for seed in range(NUDGES)]
            moved = _run(folder, signatures, tries)
            for label in apart:
                near = [one[label] for one in moved]
                if not explained_by_rounding(expected[label], both[label], near):
                    worst = _worst(expected[label], both[label])
                    yield (
                        f"{name}/{label} differs from Keras by {worst}; "
                        f"at most {TOLERANCE:g} is right"
                    )


def explained_by_rounding(expected: Array, found: Array, moved: Sequence[Array]) -> bool:
    """Return True if rounding on another processor may explain an output's difference.

    The last bit of a distance can decide which sample is nearest to a centroid. Processors round
    that bit differently, so such an output may differ by more than `TOLERANCE` and be right.

    Args:
        expected: [batch, kept], the output in Keras, maybe on another processor.
        found: [batch, kept], the output on this processor.
        moved: outputs [batch, kept] on this processor for inputs perturbed in their last bits.
    """
    if expected.shape != found.shape or all(_close(one, found) for one in moved):
        return False
    usual = max(float(np.abs(one - found).mean()) for one in moved)
    return bool(np.abs(expected - found).mean() <= SLACK * usual)


def nudged(inputs: Answers, seed: int) -> dict[str, Array]:
    """Return inputs whose floats are perturbed in their last bits.

    Args:
        inputs: arrays by input name.
        seed: of the perturbation.
    """
    random = np.random.default_rng(seed)
    return {
        label: value * (1 + NUDGE * random.uniform(-1, 1, value.shape)).astype(value.dtype)
        if np.issubdtype(value.dtype, np.floating)
        else value
        for label, value in inputs.items()
    }


def thinned(value: Array) -> Array:
    """Return about `KEPT_VALUES` evenly spaced values of each row of an output, or all if fewer.

    Args:
        value: [batch, ...].

    Returns:
        [batch, kept].
    """
    rows = value.reshape(len(value), -1) if value.ndim else value.reshape(1, 1)
    return rows[:, :: max(1, rows.shape[1] // KEPT_VALUES)]


def example_inputs(signature: GraphSignature, batch: int) -> dict[str, Array] | None:
    """Make up inputs for a signature; None if a shape is open or too large.

    Args:
        signature: their types and shapes; `before` and `after` get made-up posteriors.
        batch: number of rows.
    """
    made: dict[str, Array] = {}
    random = np.random.default_rng(0)
    for name, tensor in signature.inputs.items():
        open_shape = not tensor.shape or tensor.shape[0] is not None or None in tensor.shape[1:]
        if open_shape or tensor.dtype not in cpp_session.NUMBERS:
            return None
        shape = (batch, *(size or 0 for size in (tensor.shape or ())[1:]))
        if math.prod(shape) > MAX_VALUES:
            return None
        if name in ("before", "after") and len(shape) == 3:
            pair = warmup.example_posteriors(shape, seed=0)
            made[name] = pair[name == "after"]
        elif np.issubdtype(np.dtype(tensor.dtype), np.integer):
            made[name] = random.integers(0, 100, shape).astype(tensor.dtype)
        else:
            made[name] = random.random(shape).astype(tensor.dtype)
    return made


def _run(
    folder: Path, signatures: Mapping[str, GraphSignature], requests: Sequence[warmup.Request]
) -> list[dict[str, Array]]:
    """Run requests in C++; return the thinned outputs of each by name."""
    calls = [
        (
            {signatures[one.signature].inputs[k].name: v for k, v in one.inputs.items()},
            [tensor.name for tensor in signatures[one.signature].outputs.values()],
        )
        for one in requests
    ]
    return [
        dict(zip(signatures[one.signature].outputs, map(thinned, values), strict=True))
        for one, values in zip(requests, cpp_session.run(folder, calls), strict=True)
    ]


def _close(one: Array, other: Array) -> bool:
    return one.shape == other.shape and np.allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE)


def _worst(expected: Array, found: Array) -> str:
    if expected.shape != found.shape:
        return f"its shape, {list(found.shape)} for {list(expected.shape)}"
    return f"{float(np.max(np.abs(expected - found), initial=0.0)):.2g}"
