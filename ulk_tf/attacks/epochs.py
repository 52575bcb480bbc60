"""Early stopping on a validation figure, keeping the best weights, with a checkpoint on disk."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np

from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest, load_npz, save_npz

# Seconds between two writings of the state: epochs of small attacks take a fifth of a second, of
# which writing would be a seventh.
WRITTEN_EVERY = 5.0


class Epochs(keras.callbacks.Callback):
    """Stops a training early and leaves the weights of its best epoch.

    After an epoch everything that the next one depends on is written to disk, if the last writing
    was `WRITTEN_EVERY` seconds ago, and in any case when the training ends, however it ends. A
    training that was killed goes on from there, to the same weights as one that was not.

    Args:
        monitor: the figure, smaller is better.
        patience: epochs without a better one before the training ends.
        path: where the state is written, a .npz; None: nowhere.
        key: digest of what else decides the training; a state of another key is not used.

    Attributes:
        done: finished epochs.
        curves: every logged figure by epoch.
        ended: whether there is nothing left to train.
    """

    def __init__(
        self, monitor: str, patience: int, path: Path | None = None, key: str = ""
    ) -> None:
        super().__init__()
        self._monitor, self._patience, self._path, self._key = monitor, patience, path, key
        self._state: Sequence[keras.Variable] = ()
        self._best: list[Array] = []
        self._unwritten: Mapping[str, Array] = {}
        self._written = time.monotonic()
        self.done = 0
        self.curves: dict[str, list[float]] = {}

    @property
    def ended(self) -> bool:
        """True where no epoch of the last `patience` was better than the ones before."""
        values = self.curves.get(self._monitor, [])
        return len(values) - _best(values) >= self._patience

    def resume(self, model: keras.Model, optimizers: Sequence[keras.optimizers.Optimizer]) -> None:
        """Continue an earlier training of the same model, if its state is on disk.

        Args:
            model: built and compiled.
            optimizers: of it, built.
        """
        own = [variable for optimizer in optimizers for variable in optimizer.variables]
        self._state = [*model.variables, *own]
        shapes = [[list(v.shape), str(v.dtype)] for v in self._state]
        self._key = digest(self._key, self._monitor, shapes)
        if self._path is None or not self._path.is_file():
            return
        try:
            arrays = load_npz(self._path)
            told = json.loads(str(arrays["told"]))
            state = [arrays[f"state_{number}"] for number in range(len(self._state))]
            best = [arrays[f"best_{number}"] for number in range(len(model.weights))]
        except (UserError, KeyError, ValueError):
            return  # damaged: the training begins anew
        if told["key"] != self._key:
            return
        for variable, value in zip(self._state, state, strict=True):
            variable.assign(value)
        self._best, self.curves = best, told["curves"]
        self.done = len(self.curves[self._monitor])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Record the epoch's figures, keep its weights if it is the best, write the state."""
        for name, value in (logs or {}).items():
            self.curves.setdefault(name, []).append(float(value))
        values = self.curves[self._monitor]
        self.done = len(values)
        if _best(values) == self.done or not self._best:
            self._best = [np.asarray(weight) for weight in self.model.weights]
        if self._path is not None:
            # Arrays share the variables' memory, which the next step leaves to them.
            self._unwritten = self._arrays()
            if time.monotonic() - self._written >= WRITTEN_EVERY:
                self._write()
        if self.ended:
            self.model.stop_training = True

    @contextmanager
    def written(self) -> Iterator[None]:
        """Write the state of the last finished epoch at the end, also after an exception."""
        try:
            yield
        finally:
            self._write()

    def finish(self, model: keras.Model) -> None:
        """Give the model the weights of the best epoch."""
        if self._best:
            for variable, value in zip(model.weights, self._best, strict=True):
                variable.assign(value)

    def _write(self) -> None:
        if self._path is not None and self._unwritten:
            save_npz(self._path, self._unwritten)
            self._unwritten, self._written = {}, time.monotonic()

    def _arrays(self) -> dict[str, Array]:
        told = json.dumps({"key": self._key, "curves": self.curves})
        state = {f"state_{n}": np.asarray(variable) for n, variable in enumerate(self._state)}
        best = {f"best_{n}": value for n, value in enumerate(self._best)}
        return {"told": np.array(told)} | state | best


def _best(values: Sequence[float]) -> int:
    """The number, from 1, of the epoch with the smallest figure; 0 without any."""
    finite = [value if np.isfinite(value) else np.inf for value in values]
    return int(np.argmin(finite)) + 1 if finite else 0
