"""Probing set: what a target is asked, samples of the data set or others."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from ulk_tf.data.datasets import Dataset, load
from ulk_tf.data.perturbing import perturbed
from ulk_tf.data.probe_sizes import RESERVED
from ulk_tf.data.splits import Splits
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.settings.config import CHOSEN, NOISE
from ulk_tf.settings.experiment import Experiment


def probing_set(
    experiment: Experiment, dataset: Dataset, splits: Splits, chosen: Array | None = None
) -> Array:
    """Make the probing set of an experiment, [n_probes, ...]; see `samples_of` and `perturbed`.

    Args:
        experiment: names the probes, their changes, and the folders of data.
        dataset: the owner's data set.
        splits: its reserved samples are the usual probes.
        chosen: with --probes=chosen, positions of the probes among the candidates; the first
            candidates stand for those that are not chosen yet when None.

    Raises:
        UserError: other data have samples of another shape, or too few; or probes cannot be
            changed as asked.
    """
    asked = samples_of(experiment, dataset, splits, chosen)
    return perturbed(asked, experiment.probing, dataset, experiment.seed)


def samples_of(
    experiment: Experiment, dataset: Dataset, splits: Splits, chosen: Array | None = None
) -> Array:
    """Take the samples of a probing set, before any change, [n_probes, ...].

    It has the size of the reserved samples also where it consists of others, which then stay
    unused, so that --probes moves no sample of either side.

    Args:
        experiment: as for `probing_set`.
        dataset: as for `probing_set`.
        splits: as for `probing_set`.
        chosen: as for `probing_set`.

    Raises:
        UserError: other data have samples of another shape, or too few.
    """
    usual = dataset.samples[splits.probes]
    probes, seed = experiment.probing.probes, experiment.seed
    if probes is None:
        return usual
    if probes == CHOSEN:
        first = np.arange(experiment.probing.n_probes or RESERVED)
        return usual[first if chosen is None else chosen]
    rng = np.random.default_rng([seed, 20])
    if probes == NOISE:
        low, high = dataset.bounds
        drawn = rng.uniform(low, high, usual.shape)
        return (np.rint(drawn) if dataset.is_image else drawn).astype(usual.dtype)
    folders = experiment.folders
    other = _loaded(probes, folders.data_dir, Path(folders.runs_dir) / "data")
    if other.sample_shape != dataset.sample_shape or len(other.labels) < len(usual):
        raise UserError(
            f"--probes with at least {len(usual)} samples of shape {dataset.sample_shape}",
            f"{len(other.labels)} of shape {other.sample_shape} in {other.name}",
        )
    return other.samples[np.sort(rng.choice(len(other.labels), len(usual), replace=False))]


@lru_cache(maxsize=1)
def _loaded(name: str, data_dir: str | None, cache: Path) -> Dataset:
    """Load the data set of the probes, once for all designs of a run."""
    return load(name, data_dir, cache)
