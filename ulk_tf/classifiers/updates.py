"""The update engine: one graph that turns base weights into posteriors after many updates."""

from collections.abc import Sequence

import keras
import numpy as np

from ulk_tf.classifiers.chain import as_chain
from ulk_tf.classifiers.fast_updates import FastUpdates
from ulk_tf.classifiers.fit_updates import FitUpdates
from ulk_tf.classifiers.following import is_own, is_plain, step_of
from ulk_tf.classifiers.general_updates import GeneralUpdates
from ulk_tf.classifiers.private import refuse_without_gradients
from ulk_tf.classifiers.refusals import refuse_unfollowed
from ulk_tf.files import Array
from ulk_tf.settings.update_config import UpdateConfig

# Written into what a corpus is found by: raise one when its path changes an update's bytes.
GENERAL_VERSION = 1
CHAIN_VERSION = 2
FIT_VERSION = 1


class UpdateEngine:
    """Updates one classifier many times, each time from the same base weights.

    Each update starts from the base model, takes a fresh optimizer, goes once (or
    `update_epochs` times) through its updating set with dropout active, and answers the probing
    set with dropout off (paper: experimental setup). Every update's randomness comes from its
    own seed alone, so its posteriors do not depend on what else is computed beside it.

    An update is what `fit` would do, whatever the model is made of. There are three paths to it:
    `FastUpdates` for chains of common layers; `GeneralUpdates` for any model that is trained with a
    plain rule on cross-entropy alone; `FitUpdates` for all others.

    Args:
        model: the classifier's architecture; any Keras model with softmax output.
        config: settings of an update.
        probing_set: samples [probes, ...] with which every version is queried.
        fast: take the faster path where the model allows it; it agrees to 1e-5.
        compiled: update a compiled model with its own optimizer and loss, instead of the config's.

    Raises:
        UserError: an update of this model cannot be followed.
    """

    def __init__(
        self,
        model: keras.Model,
        config: UpdateConfig,
        probing_set: Array,
        fast: bool = True,
        compiled: bool = True,
    ) -> None:
        self.model = model
        chain = as_chain(model, compiled) if fast else None
        if chain is None:
            refuse_unfollowed(model, probing_set.shape[1:])
        plain = chain is not None or is_plain(model, compiled)
        if config.privacy:
            refuse_without_gradients(model, plain, probing_set.shape[1:])
        self._path: FastUpdates | GeneralUpdates | FitUpdates
        if chain is not None:
            step = step_of(model, config, compiled)
            self._path = FastUpdates(model, chain, config, step, probing_set)
        elif plain:
            step = step_of(model, config, compiled)
            self._path = GeneralUpdates(model, config, step, probing_set)
        else:
            self._path = FitUpdates(model, config, probing_set, compiled)

    def before(self, weights: Sequence[Array]) -> Array:
        """Compute the posteriors of a base model on the probing set, float32 [probes, classes].

        Args:
            weights: its weights, as `model.get_weights()` gives them.
        """
        return self._path.before(weights)

    def after(
        self,
        weights: Sequence[Array],
        samples: Array,
        labels: Array,
        seeds: Array,
        chunk_size: int = 50,
        first: int = 0,
    ) -> Array:
        """Compute the posteriors on the probing set after each of many updates.

        Args:
            weights: weights of the base model, as `model.get_weights()` gives them.
            samples: updating sets [updates, set_size, ...].
            labels: int32 [updates, set_size].
            seeds: int32 [updates, 2], one for each update.
            chunk_size: updates in one call of the graph; it changes speed and memory only. The
                fast path has a size of its own.
            first: number of the first of these updates in the plan of its base model.

        Returns:
            float32 [updates, probes, classes].
        """
        if isinstance(self._path, FastUpdates):
            return self._path.after(weights, samples, labels, seeds, first)
        parts = [slice(start, start + chunk_size) for start in range(0, len(samples), chunk_size)]
        return np.concatenate(
            [self._path.after(weights, samples[p], labels[p], seeds[p]) for p in parts]
        )


def engine_version(model: keras.Model, compiled: bool = True) -> str:
    """Version of the code that updates a model; another one may round differently.

    Args:
        model: the classifier's architecture.
        compiled: whether a compiled model's own optimizer and loss are used.
    """
    path = f"fit-{FIT_VERSION}"
    if as_chain(model, compiled):
        path = f"chain-{CHAIN_VERSION}"
    elif is_plain(model, compiled):
        path = f"general-{GENERAL_VERSION}"
    return f"{path}-compiled" if is_own(model, compiled) else path
