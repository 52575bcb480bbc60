"""Worker process of the PyTorch side: one thread, no TensorFlow; images are normalised once."""

from typing import Any

import numpy as np

from benchmarks.alternating import peak_mib
from benchmarks.work import PROBES, Work

# State that the pool's initialiser leaves for its tasks.
_KEPT: dict[str, Any] = {}


def single_thread() -> None:
    """Give PyTorch one thread in this process, which is fastest for small kernels."""
    import torch  # noqa: PLC0415 - only the twins need it

    torch.set_num_threads(1)


def start(given: Work) -> None:
    """Set up the process.

    Args:
        given: the whole work, of which it computes shares.
    """
    from benchmarks.torch_updates import torch_loop  # noqa: PLC0415 - only the twins need torch

    single_thread()
    samples, labels = given.dataset.samples, given.dataset.labels
    _KEPT["given"] = given
    _KEPT["loop"] = torch_loop(given.target, given.weights, samples, labels, given.config)


def share(first: int, stop: int, probes: int) -> float | None:
    """Compute the updates from `first` to before `stop`, querying `probes` samples.

    Returns:
        The peak memory of this process in MiB, or None.
    """
    given, rows = _KEPT["given"], slice(first, stop)
    queries = np.arange(probes)
    posteriors = _KEPT["loop"].after(given.indices[rows], given.seeds[rows], queries, PROBES)
    return peak_mib() if np.isfinite(posteriors).all() else None
