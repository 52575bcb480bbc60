"""Samples in the shape and type that a model says it takes."""

from collections.abc import Sequence

import numpy as np

from ulk_tf.errors import UserError
from ulk_tf.files import Array

Shape = Sequence[int | None]
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


def fitted(samples: Array, shape: Shape | None, who: str) -> tuple[Array, str]:
    """Bring samples into the shape that a model takes, where that loses nothing.

    Axes of length 1 come and go, images become rows of their pixels and back, and colours go to
    the front.

    Args:
        samples: [n, ...].
        shape: shape of one sample, None for a length that does not matter; None where nobody
            knows it.
        who: the model, for messages.

    Returns:
        The samples, and a note for the user; empty where nothing was done.

    Raises:
        UserError: the model takes samples of another shape.
    """
    have = samples.shape[1:]
    if shape is None or _agree(have, shape):
        return samples, ""
    wanted = [size or 1 for size in shape]
    flat = len(shape) == 1 and shape[0] in (None, int(np.prod(have)))
    if flat:
        wanted = [int(np.prod(have))]
    squeezed = [size for size in have if size != 1] == [size for size in wanted if size != 1]
    from_row = len(have) == 1 and None not in shape and int(np.prod(wanted)) == have[0]
    if flat or from_row or (squeezed and None not in shape):
        changed = samples.reshape(len(samples), *wanted)
        how = "reshaped"
    elif len(have) == 3 and _agree((have[2], *have[:2]), shape):
        changed = np.ascontiguousarray(np.moveaxis(samples, -1, 1))
        how = "turned to channels first"
    else:
        raise UserError(
            f"{who} to answer samples of shape {list(have)}, as the attack's probing set has",
            f"a model that takes {_shown(shape)}",
            "Audit with an attack that was trained on such samples, or wrap the model in a "
            "module:function that converts them.",
        )
    return changed, (
        f"The model takes samples of shape {_shown(shape)}; those of the probing set, "
        f"{list(have)}, were {how}."
    )


def as_integers(samples: Array, dtype: str) -> Array:
    """Samples as whole numbers, for a model that takes only these.

    Args:
        samples: [n, ...].
        dtype: what the model takes, for the message.

    Raises:
        UserError: they are not whole, or beyond what it can hold.
    """
    if samples.dtype.kind == "f" and not np.array_equal(samples, np.rint(samples)):
        raise UserError(
            f"whole numbers, for the model takes {dtype}",
            "samples with fractions",
            "Leave --scale out if it is given; otherwise the model is none for such samples.",
        )
    name = dtype.lower().removeprefix("dt_")
    held = np.iinfo(name) if name in INTEGERS else np.iinfo(np.int64)
    if samples.size and (samples.min() < held.min or samples.max() > held.max):
        raise UserError(
            f"samples from {held.min} to {held.max}, for the model takes {dtype}",
            f"samples from {samples.min():g} to {samples.max():g}",
            "Send them on the model's scale with --scale.",
        )
    return samples.astype(np.int64)


def batched(samples: Array, size: int | None) -> tuple[Array, int]:
    """Samples filled up to the batch that a model insists on, and how many of them count.

    Args:
        samples: [n, ...], at most `size` of them.
        size: the batch; None takes any.
    """
    count = len(samples)
    if size is None or count >= size:
        return samples, count
    filling = np.repeat(samples[-1:], size - count, axis=0)
    return np.concatenate([samples, filling]), count


def _agree(have: Sequence[int], wanted: Shape) -> bool:
    return len(have) == len(wanted) and all(
        size in (None, own) for own, size in zip(have, wanted, strict=True)
    )


def _shown(shape: Shape) -> str:
    return f"[{', '.join('any' if size is None else str(size) for size in shape)}]"
