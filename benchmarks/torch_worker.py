"""A process of PyTorch's side: one thread, no TensorFlow; images are normalised once."""

from typing import Any

import numpy as np

from benchmarks.alternating import peak_mib
from benchmarks.work import PROBES, Work

# What the initialiser of a pool leaves for its tasks.
_KEPT: dict[str, Any] = {}


def start(given: Work) -> None:
    """Set the process up.

    Args:
        given: the work of which it will do shares.
    """
    import torch  # noqa: PLC0415 - only the twins need it

    from benchmarks.torch_updates import torch_loop  # noqa: PLC0415

    torch.set_num_threads(1)
    samples, labels = given.dataset.samples, given.dataset.labels
    _KEPT["given"] = given
    _KEPT["loop"] = torch_loop(given.target, given.weights, samples, labels, given.config)


def share(first: int, stop: int, probes: int) -> float | None:
    """Do the updates from `first` to before `stop`, probing `probes` samples.

    Returns:
        Peak memory of this process in MiB, or None.
    """
    given, rows = _KEPT["given"], slice(first, stop)
    queries = np.arange(probes)
    posteriors = _KEPT["loop"].after(given.indices[rows], given.seeds[rows], queries, PROBES)
    return peak_mib() if np.isfinite(posteriors).all() else None
