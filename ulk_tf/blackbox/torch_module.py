"""PyTorch modules as targets; PyTorch itself is never imported here, only used if it is there."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ulk_tf.answers.numbers import plain
from ulk_tf.files import Array, digest

CHANNELS_FIRST = "Images were sent channels first, as PyTorch has them, and as floats."


def is_module(target: object) -> bool:
    """Tell whether a target is a PyTorch module, scripted and traced ones included."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(target, torch.nn.Module)


def version_of(module: Any) -> str:
    """A digest of a module's weights, which tells one version from another."""
    weights = [plain(value) for value in module.state_dict().values() if hasattr(value, "detach")]
    return f"weights {digest(*weights)[:16]}"


def answering(module: Any) -> Callable[[Array], object]:
    """A function of samples that asks a module as it answers clients: without dropout or gradients.

    Args:
        module: takes floats of its own weights' type, on their device; images as [n, channels,
            height, width].
    """
    torch = sys.modules["torch"]

    def answer(samples: Array) -> object:
        first = next((one for one in module.parameters() if one.is_floating_point()), None)
        values = samples.astype(np.float32)
        if values.ndim == 4:
            values = np.ascontiguousarray(np.moveaxis(values, -1, 1))
        tensor = torch.from_numpy(values)
        if first is not None:
            tensor = tensor.to(first.device, first.dtype)
        training = module.training
        module.eval()
        try:
            with torch.no_grad():
                return module(tensor)
        finally:
            module.train(training)

    return answer
