"""Training of attacks: early stopping on held-out shadow bases, with its files and its bar."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from ulk_tf.attacks.epochs import Epochs
from ulk_tf.attacks.side_by_side import StopTogether
from ulk_tf.corpus.build import Corpus
from ulk_tf.files import digest
from ulk_tf.progress import bar
from ulk_tf.settings.validated import Validated

_LEARNS = ContextVar("learns", default=True)
# The folder of a run in which unfinished trainings keep their state.
TRAINING_STATE = "training"
# Training steps in one call of the graph: more than these save nothing, fewer than the fewest cost
# as much as the steps; at most so many that the progress bar still moves.
STEPS_AT_ONCE, FEWEST_AT_ONCE, MOST_AT_ONCE = 32, 8, 256


@dataclass(frozen=True)
class Fitted:
    """A trained model with its curves.

    Attributes:
        model: with the weights of its best epoch.
        curves: loss and validation loss by epoch, by name.
        reused: whether an earlier run had finished the training.
    """

    model: keras.Model
    curves: dict[str, list[float]]
    reused: bool = False


class Bar(keras.callbacks.Callback):
    """Progress bar over the steps of a fit, with the losses of the last epoch."""

    def __init__(self, what: str, epochs: int, steps: int) -> None:
        super().__init__()
        self._what, self._epochs, self._steps = what, epochs, steps

    def on_train_begin(self, logs: object = None) -> None:
        """Forget the last bar; the first epoch opens one, from where the training goes on."""
        self._bar: Any = None

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        """Open the bar; a training that goes on does not begin at zero."""
        if self._bar is None:
            total = self._epochs * self._steps
            self._bar = bar(total, self._what, "step", done=epoch * self._steps)

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        """Move it on; Keras calls this once for several steps where it executes them together."""
        self._bar.update(batch + 1 - self._bar.n % self._steps)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Show the losses."""
        shown = {name: f"{value:.4g}" for name, value in (logs or {}).items() if "loss" in name}
        self._bar.set_postfix(shown, refresh=False)
        self._bar.update((epoch + 1) * self._steps - self._bar.n)

    def on_train_end(self, logs: object = None) -> None:
        """Close it."""
        if self._bar is not None:
            self._bar.close()


@dataclass(frozen=True)
class Schedule:
    """Length of a training, and the files that let a killed one go on.

    Attributes:
        what: shown beside the progress bar.
        epochs: at most.
        steps: training steps in an epoch.
        monitor: the validation figure that must fall.
        patience: epochs in which it does not, before the training ends.
        state: where the state is written, a .npz, see `Epochs`; None: nowhere.
        key: digest of what else decides the training; a state of another does not count.
        log_dir: for TensorBoard; None: no logs.
    """

    what: str
    epochs: int
    steps: int
    monitor: str
    patience: int
    state: Path | None = None
    key: str = ""
    log_dir: Path | None = None

    def at(self, home: Path | None, name: str, corpus: Corpus, *under: object) -> "Schedule":
        """The same schedule with its files in the folder of a run.

        Args:
            home: the folder; None: no files.
            name: name of the training, another one for each of a run.
            corpus: corpus to learn from.
            *under: all else that decides the training, JSON-able or configs: the attack's config,
                the seed.
        """
        if home is None:
            return self
        state = home / TRAINING_STATE / f"{name}.npz"
        plain = [
            asdict(part) if isinstance(part, Validated) else part  # type: ignore[call-overload]
            for part in under
        ]
        key = f"{corpus.key}-{digest(self.epochs, self.steps, *plain)[:16]}"
        return replace(self, state=state, key=key, log_dir=home / "tensorboard" / name)


@contextmanager
def untrained() -> Iterator[None]:
    """Make networks only: meanwhile `fit` returns a model as it was built, and writes no file."""
    token = _LEARNS.set(False)
    try:
        yield
    finally:
        _LEARNS.reset(token)


def fit(
    model: keras.Model,
    optimizers: Sequence[keras.optimizers.Optimizer],
    data: Callable[[int], tf.data.Dataset],
    validation: tf.data.Dataset,
    schedule: Schedule,
) -> Fitted:
    """Train a model by Keras' own loop, from where an earlier run of the training was stopped.

    Args:
        model: compiled.
        optimizers: its own, built.
        data: batches that were taken before -> those that follow, for ever.
        validation: decides which epoch is kept.
        schedule: epochs, patience, files.
    """

    def train(done: int, callbacks: list[keras.callbacks.Callback]) -> None:
        model.fit(
            data(done * schedule.steps),
            validation_data=validation,
            initial_epoch=done,
            epochs=schedule.epochs,
            steps_per_epoch=schedule.steps,
            callbacks=callbacks,
            verbose=0,
            shuffle=False,
        )

    return resumed(model, optimizers, train, schedule)


def resumed(
    model: keras.Model,
    optimizers: Sequence[keras.optimizers.Optimizer],
    train: Callable[[int, list[keras.callbacks.Callback]], None],
    schedule: Schedule,
) -> Fitted:
    """Call a training loop for the epochs that an earlier run did not finish.

    Args:
        model: compiled; it is left with the weights of its best epoch.
        optimizers: its own, built.
        train: the loop: finished epochs, callbacks that it calls as Keras' does.
        schedule: epochs, patience, files.
    """
    if not _LEARNS.get():
        return Fitted(model, {})
    epochs = Epochs(schedule.monitor, schedule.patience, schedule.state, schedule.key)
    epochs.resume(model, optimizers)
    callbacks: list[keras.callbacks.Callback] = [
        Bar(schedule.what, schedule.epochs, schedule.steps),
        epochs,
        StopTogether(),
    ]
    if schedule.log_dir is not None:
        callbacks.append(keras.callbacks.TensorBoard(str(schedule.log_dir), write_graph=False))
    reused = epochs.done >= schedule.epochs or epochs.ended
    if not reused:
        with epochs.written():
            train(epochs.done, callbacks)
    epochs.finish(model)
    return Fitted(model, epochs.curves, reused)


def at_once(steps: int) -> int:
    """Choose how many training steps are one call of the graph: a divisor of those of an epoch.

    Keras would take the rest of a last call from the next epoch.

    Args:
        steps: training steps in an epoch.
    """
    divisors = [count for count in range(1, MOST_AT_ONCE + 1) if steps % count == 0]
    usual = max(count for count in divisors if count <= STEPS_AT_ONCE)
    if usual >= FEWEST_AT_ONCE:
        return usual
    # A prime number of steps has no smaller divisor than itself: each step would be one call.
    return min((count for count in divisors if count > usual), default=usual)
