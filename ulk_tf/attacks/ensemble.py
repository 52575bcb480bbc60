"""Ensembles of one attack: trained on the same features, averaged in one model."""

from collections.abc import Callable
from pathlib import Path

import keras

from ulk_tf.attacks.encoder import FEATURES, after_features
from ulk_tf.attacks.feature_cache import LEARNED, cached_features
from ulk_tf.attacks.fit import TRAINING_STATE, Fitted, Schedule
from ulk_tf.attacks.row_loop import RowLoop
from ulk_tf.corpus.build import Corpus, Updates
from ulk_tf.corpus.pipeline import Truth, beside
from ulk_tf.settings.attack_configs import LabelConfig


def fit_ensemble(
    name: str,
    output: str,
    build: Callable[[int], keras.Model],
    loss: str,
    config: LabelConfig,
    corpus: Corpus,
    truth: Callable[[Updates], Truth],
    seed: int,
    home: Path | None,
) -> Fitted:
    """Train an ensemble, each model from a seed of its own, and average the answers.

    Feature maps have nothing to learn: features are computed once, and what follows them is
    trained.

    Args:
        name: name of the attack.
        output: name of its answer.
        build: seed -> an untrained model, inputs `before` and `after`.
        loss: loss of its output against the truth.
        config: settings of the attack.
        corpus: corpus to learn from.
        truth: the updates of a side -> rows int32 [batch] -> what is to be predicted.
        seed: seed of weights, dropout and order.
        home: folder of the run, for logs and for the state of the trainings.

    Returns:
        The average, with the curves of the first model.
    """
    ensemble = [build(seed + 1000 * member) for member in range(config.ensemble)]
    folder = home / TRAINING_STATE if home else None
    inputs = cached_features(ensemble[0].get_layer(FEATURES), corpus, folder)
    counts = {role: len(corpus.updates[role]) for role in LEARNED}
    gather = {
        role: beside(inputs[role], truth(corpus.updates[role]), counts[role]) for role in LEARNED
    }
    drawings = len(corpus.updates["shadow"].drawings)
    learner = after_features(build(seed) if config.ensemble > 1 else ensemble[0])
    loop = RowLoop(learner, loss, config, counts, gather, drawings)
    curves = []
    for member, model in enumerate(ensemble):
        own = seed + 1000 * member
        number = f" {member + 1}/{config.ensemble}" if config.ensemble > 1 else ""
        schedule = Schedule(
            f"training {name}{number}", config.epochs, loop.steps, "val_loss", config.patience
        )
        training = f"{name}-{member}" if member else name
        schedule = schedule.at(home, training, corpus, config, own)
        curves.append(loop.train(after_features(model), own, schedule).curves)
    return Fitted(average(ensemble, output), curves[0])


def average(ensemble: list[keras.Model], output: str) -> keras.Model:
    """Average the answers of an ensemble in one model (paper's code: mean of 10 runs).

    Args:
        ensemble: models of the same inputs and outputs.
        output: name of the answer.
    """
    shapes = {key: tensor.shape[1:] for key, tensor in ensemble[0].input.items()}
    inputs = {key: keras.Input(shape, name=key) for key, shape in shapes.items()}
    answers = [one(inputs) for one in ensemble]
    mean = keras.layers.Average()(answers) if len(answers) > 1 else answers[0]
    return keras.Model(inputs, {output: mean}, name=output)
