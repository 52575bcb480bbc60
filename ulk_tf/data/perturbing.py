"""Perturbed probes: small changes of the probing set, the same in both looks."""

import numpy as np

from ulk_tf.data.datasets import Dataset
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.config import ProbingConfig


def perturbed(probes: Array, config: ProbingConfig, dataset: Dataset, seed: int) -> Array:
    """Change each probe a little, or several copies of some of them.

    Args:
        probes: samples [n, ...], as stored.
        config: how far they are changed, and how many copies there are of each.
        dataset: the owner's data set, whose values have a range.
        seed: seed of the experiment; a change depends on it and on the probe's place alone.

    Returns:
        As many samples; with copies, those of a probe stand one after the other, and the last
        probes are left out. `probes` itself where nothing is changed.

    Raises:
        UserError: vectors cannot be shifted, or the copies do not fill the probing set.
    """
    if not config.changed:
        return probes
    if config.probe_shift and not dataset.is_image:
        raise UserError("no --probe_shift for samples that are vectors", config.probe_shift)
    count, copies = len(probes), config.probe_copies
    if count % copies:
        raise UserError(f"--probe_copies that divide the {count} probes", copies)
    shown = np.repeat(probes[: count // copies], copies, 0)
    low, high = dataset.bounds
    changed = []
    for place, probe in enumerate(shown):
        rng = np.random.default_rng([seed, 22, place])
        moved = _shifted(probe, config.probe_shift, rng).astype(np.float32)
        moved += config.probe_noise * (high - low) * rng.standard_normal(probe.shape)
        changed.append(np.clip(moved, low, high))
    together = np.stack(changed)
    return (np.rint(together) if dataset.is_image else together).astype(probes.dtype)


def _shifted(image: Array, most: int, rng: np.random.Generator) -> Array:
    """Shift an image [height, width, channels]; pixels at its edge are repeated."""
    if not most:
        return image
    rows, columns = (
        np.clip(np.arange(size) + rng.integers(-most, most + 1), 0, size - 1)
        for size in image.shape[:2]
    )
    return image[rows][:, columns]
