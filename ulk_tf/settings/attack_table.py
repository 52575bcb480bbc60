"""Table of attacks: one row for each, with its config, presets, training and scoring functions.

A new attack consists of a training function, a scoring function, a config, and a row that is
added with `register`. Functions are given as "module:function" and imported when they are
called, so that a misspelt flag is reported before TensorFlow is imported.
"""

import importlib
from collections.abc import Callable, Iterable
from typing import Any

from ulk_tf.errors import UserError
from ulk_tf.settings.attack_configs import LabelConfig, MsrConfig, SsrConfig
from ulk_tf.settings.attack_row import AttackPresets, AttackRow, Fields
from ulk_tf.settings.flag_types import nearest

_PUBLISHED_ADAM: Fields = {"learning_rate": 1e-3, "weight_decay": 1e-5}
_PUBLISHED_SINGLE: Fields = {
    "hidden": 128,
    "dropout": 0.2,
    "epochs": 50,
    "ensemble": 1,
    **_PUBLISHED_ADAM,
}
# `digits` has too few samples for sets of 100. Sets with few samples of few classes are like real
# updates, and their leakage is easy to see.
_FEW_DIGITS: Fields = {"set_size": 10, "label_skew": 0.5}
# On large data an attack overfits its shadow bases after a few epochs; small data needs more.
_ON_LARGE: Fields = {"epochs": 8, "ensemble": 2}
# Networks that are made in no time; what a run learns with decides nothing here.
_TINY = {"hidden": 8, "epochs": 1, "ensemble": 1}
# One base model and fewer updates: as many steps as on large data take more epochs.
_INSIDER: Fields = {"epochs": 30}
# Nothing has to hold for other base models: on held-out updates, all probes at once are better.
_INSIDER_LI: Fields = {"epochs": 12, "feature_map": "normalised", "ensemble": 4}
# Posteriors of confident classifiers move little: with more dropout the gain halves.
_CONFIDENT: Fields = {"dropout": 0.2}

_ROWS = (
    AttackRow(
        name="li",
        title="Label inference (A_LI)",
        summary="Infer the label of the single sample that a classifier was updated with.",
        infers="the label of the one sample on which the target was updated",
        config=LabelConfig,
        output="label_probabilities",
        headline="accuracy",
        train="ulk_tf.attacks.labels:train_li",
        score="ulk_tf.evaluation.label_scores:score_li",
        rehearsed=_TINY,
        presets=AttackPresets(
            plain={"set_size": 1},
            large=_ON_LARGE,
            on={"mnist": _CONFIDENT},
            paper=_PUBLISHED_SINGLE,
            insider=_INSIDER_LI,
        ),
    ),
    AttackRow(
        name="ssr",
        title="Single-sample reconstruction (A_SSR)",
        summary="Reconstruct the single sample that a classifier was updated with.",
        infers="the one sample on which the target was updated",
        config=SsrConfig,
        output="sample",
        headline="mse",
        train="ulk_tf.attacks.ssr:train_ssr",
        score="ulk_tf.evaluation.ssr_scores:score_ssr",
        rehearsed={**_TINY, "code_dim": 4, "autoencoder_epochs": 1},
        figures=("mse", "mse:class_mean_of_true_label", "mse:shuffled"),
        presets=AttackPresets(
            plain={"set_size": 1},
            large=_ON_LARGE,
            # On held-out shadow bases, `by_class` is 12% worse here.
            on={"cifar10": {"feature_map": "normalised"}},
            # With fewer updates its images are no better than the mean of all.
            quick={"training_bases": 4, "training_updates": 800, "epochs": 20},
            paper=_PUBLISHED_SINGLE,
            insider=_INSIDER,
        ),
    ),
    AttackRow(
        name="lde",
        title="Label distribution estimation (A_LDE)",
        summary="Estimate the label distribution of a whole updating set.",
        infers="how the labels of the updating set are distributed",
        config=LabelConfig,
        output="label_distribution",
        headline="kl",
        train="ulk_tf.attacks.labels:train_lde",
        score="ulk_tf.evaluation.label_scores:score_lde",
        rehearsed=_TINY,
        figures=("kl", "kl_published_scale", "most_frequent_accuracy", "kl:prior"),
        presets=AttackPresets(
            plain={"set_size": 100},
            large=_ON_LARGE,
            on={"digits": _FEW_DIGITS, "mnist": _CONFIDENT},
            paper={
                "hidden": 256,
                "dropout": 0.5,
                "epochs": 50,
                "ensemble": 10,
                **_PUBLISHED_ADAM,
            },
            insider=_INSIDER,
        ),
    ),
    AttackRow(
        name="msr",
        title="Multi-sample reconstruction (A_MSR)",
        summary="Reconstruct all samples of an updating set from two versions of a classifier.",
        infers="the samples of the updating set",
        config=MsrConfig,
        output="samples",
        headline="matched_mse_centroids",
        train="ulk_tf.attacks.msr:train_msr",
        score="ulk_tf.evaluation.msr_scores:score_msr",
        rehearsed={
            "hidden": 8,
            "noise_dim": 4,
            "code_dim": 4,
            "generator_width": 8,
            "samples_per_set": 2,
            "cluster_samples": 8,
        },
        figures=(
            "matched_mse_centroids",
            "matched_mse_centroids:shadow_clustering",
            "matched_mse_centroids:matched_shadow",
            "matched_mse_centroids:shuffled",
            "matched_mse_samples",
            "matched_mse_samples:shadow_clustering",
        ),
        holds="codes of up to 1,000 of the adversary's samples of each class, from which its "
        "decoder makes blurred copies of them",
        # A set of 100 images takes a quarter of a second.
        seen_updates=100,
        presets=AttackPresets(
            plain={"set_size": 100},
            # BM-GAN starts as a good generator: after 700 steps, the loss on held-out sets no
            # longer falls.
            large={"epochs": 3, "epoch_steps": 1000, "label_epochs": 8, "target_updates": 100},
            on={
                "digits": _FEW_DIGITS,
                # 120 sets of 100 for the clustering; with 40, its random error costs two
                # points. For sets of ten, a generator that is trained longer blends digits.
                "mnist": {
                    "label_dropout": 0.2,
                    "cluster_samples": 12_000,
                    "epochs": 1,
                    "epoch_steps": 100,
                },
                # Its convolutions take ten times as long as MNIST's dense layers.
                "cifar10": {"epoch_steps": 400},
            },
            paper={
                "hidden": 256,
                "dropout": 0.5,
                "transfer": False,
                "labels": False,
                "generator_width": 2048,
                "samples_per_set": 100,
                "adversarial_weight": 1.0,
                "learning_rate": 2e-4,
                "sets_per_step": 1,
                # One pass over 10,000 sets, with ten checkpoints.
                "epochs": 10,
                "epoch_steps": 1000,
                "patience": 10,
                "set_loss": "best_match",
                "clustering": "kmeans",
                "cluster_samples": 20_000,
            },
            own_base={"target_updates": 300},
            insider={"label_epochs": 20},
        ),
    ),
)
ATTACKS: dict[str, AttackRow] = {row.name: row for row in _ROWS}


def register(row: AttackRow) -> AttackRow:
    """Add an attack to the table, for trainers, reports, exports and audits.

    Args:
        row: the attack; its name must be new.

    Returns:
        `row`.

    Raises:
        ValueError: another attack has that name.
    """
    if ATTACKS.setdefault(row.name, row) != row:
        raise ValueError(f"Expected a new name for an attack. Received {row.name!r}, which is one.")
    return row


def attack_row(name: str) -> AttackRow:
    """Return the row of an attack by its name.

    Raises:
        UserError: no attack has that name.
    """
    if name not in ATTACKS:
        raise UserError(f"an attack of {listed(ATTACKS)}", repr(name), nearest(name, [*ATTACKS]))
    return ATTACKS[name]


def imported(path: str) -> Callable[..., Any]:
    """Import the function that "module:function" names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def listed(names: Iterable[str]) -> str:
    """Join names with commas, for a sentence."""
    return ", ".join(names)
