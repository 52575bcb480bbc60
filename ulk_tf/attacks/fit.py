"""Training of the attacks that are one Keras model: early stopping on held-out shadow bases."""

from dataclasses import dataclass
from pathlib import Path

import keras
import tensorflow as tf

from ulk_tf.config import LabelConfig
from ulk_tf.progress import bar


@dataclass(frozen=True)
class Fitted:
    """A trained model and how it got there.

    Attributes:
        model: with the weights of its best epoch.
        curves: loss and validation loss by epoch, by name.
    """

    model: keras.Model
    curves: dict[str, list[float]]


class Bar(keras.callbacks.Callback):
    """The project's progress bar over the steps of a fit, with the losses of the last epoch."""

    def __init__(self, what: str, epochs: int) -> None:
        super().__init__()
        self._what, self._epochs = what, epochs

    def on_train_begin(self, logs: object = None) -> None:
        """Open the bar."""
        self._steps = int(self.params["steps"])
        self._bar = bar(self._epochs * self._steps, self._what, "step")

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
        self._bar.close()


def fit(
    model: keras.Model,
    loss: str | keras.losses.Loss,
    config: LabelConfig,
    shadow: tf.data.Dataset,
    validation: tf.data.Dataset,
    what: str,
    log_dir: Path | None = None,
) -> Fitted:
    """Train with Adam until the validation loss stops falling.

    Args:
        model: inputs `before` and `after`.
        loss: of its output against the truth.
        config: epochs, patience, learning rate, weight decay.
        shadow: what it learns from.
        validation: updates of held-out shadow bases, for the choice of the epoch.
        what: shown beside the progress bar.
        log_dir: for TensorBoard; none when None.
    """
    rate = keras.optimizers.schedules.CosineDecay(
        config.learning_rate, config.epochs * int(shadow.cardinality()), alpha=0.02
    )
    decay = config.weight_decay or None
    model.compile(keras.optimizers.Adam(rate, weight_decay=decay), loss, jit_compile=False)
    callbacks = [
        Bar(what, config.epochs),
        keras.callbacks.EarlyStopping(
            "val_loss", patience=config.patience, restore_best_weights=True
        ),
    ]
    if log_dir is not None:
        callbacks.append(keras.callbacks.TensorBoard(str(log_dir), write_graph=False))
    history = model.fit(
        shadow,
        validation_data=validation,
        epochs=config.epochs,
        callbacks=callbacks,
        verbose=0,
        shuffle=False,
    )
    return Fitted(
        model, {name: [float(v) for v in values] for name, values in history.history.items()}
    )


def average(members: list[keras.Model], output: str) -> keras.Model:
    """One model that answers the mean of its members' answers (paper's code: mean of 10 runs).

    Args:
        members: models of the same inputs and outputs.
        output: name of the answer.
    """
    shapes = {key: tensor.shape[1:] for key, tensor in members[0].input.items()}
    inputs = {key: keras.Input(shape, name=key) for key, shape in shapes.items()}
    answers = [member(inputs) for member in members]
    mean = keras.layers.Average()(answers) if len(answers) > 1 else answers[0]
    return keras.Model(inputs, {output: mean}, name=output)
