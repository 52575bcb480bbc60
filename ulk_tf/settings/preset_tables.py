"""What each preset sets, by attack and data set; everything else is the config's own default."""

import typing
from collections.abc import Mapping
from typing import Any, Literal

from ulk_tf.settings.config import AttackName

Preset = Literal["quick", "default", "paper"]
PRESETS: tuple[Preset, ...] = typing.get_args(Preset)
Fields = Mapping[str, Any]

# Data sets of tens of thousands of images. More shadow bases beat more updates of each.
_LARGE: Fields = {
    "shadow_bases": 32,
    "shadow_updates": 2_000,
    "validation_bases": 2,
    "validation_updates": 1_000,
    "target_updates": 200,
}
ATTACKS: tuple[AttackName, ...] = ("li", "ssr", "lde", "msr")
_DATASETS: dict[str, Fields] = {
    "digits": {
        # 8x8 digits are few and easy: ten times the learning rate for a base worth attacking.
        "base_learning_rate": 0.01,
        # A classifier that still has to learn, right on 85%: a sure one gives away less.
        "base_epochs": 10,
        "update_learning_rate": 0.01,
        # Eight batches an epoch.
        "autoencoder_epochs": 100,
    },
    "mnist": _LARGE,
    # Its base models take twice as long.
    "cifar10": {**_LARGE, "shadow_bases": 24},
}
_ATTACKS: dict[str, Fields] = {
    "li": {"set_size": 1},
    "ssr": {"set_size": 1},
    "lde": {"set_size": 100},
    "msr": {"set_size": 100},
}
# Digits are too few for sets of 100, and an update with few samples of few classes, as real
# ones have, shows a newcomer what leaks.
_FEW_DIGITS: Fields = {"set_size": 10, "label_skew": 0.5}
_ATTACKS_ON: dict[tuple[AttackName, str], Fields] = {
    ("lde", "digits"): _FEW_DIGITS,
    ("msr", "digits"): _FEW_DIGITS,
    # Sure classifiers give away little: with more dropout half of what a set leaks is missed.
    ("li", "mnist"): {"dropout": 0.2},
    ("lde", "mnist"): {"dropout": 0.2},
    # 120 sets of 100 to match centroids with: from 40, chance costs two points. With sets of
    # ten, a generator trained for long makes mixtures of digits.
    ("msr", "mnist"): {
        "label_dropout": 0.2,
        "cluster_samples": 12_000,
        "epochs": 1,
        "epoch_steps": 100,
    },
    # Its convolutions take ten times as long as MNIST's dense layers.
    ("msr", "cifar10"): {"epoch_steps": 400},
    # Class by class, held-out shadow bases are told 12% worse.
    ("ssr", "cifar10"): {"feature_map": "normalised"},
}
# An attack overfits its shadow bases after a few of the passes that small data needs. BM-GAN
# begins as a good generator: after 700 steps, held-out sets are matched no better.
_ATTACKS_ON_LARGE: dict[AttackName, Fields] = {
    "li": {"epochs": 8, "ensemble": 2},
    "ssr": {"epochs": 8, "ensemble": 2},
    "lde": {"epochs": 8, "ensemble": 2},
    "msr": {"epochs": 3, "epoch_steps": 1000, "label_epochs": 8, "target_updates": 100},
}
_QUICK: Fields = {
    "base_epochs": 10,
    "shadow_bases": 2,
    "shadow_updates": 300,
    "validation_updates": 50,
    "target_updates": 20,
    "epochs": 5,
    "label_epochs": 5,
    "autoencoder_epochs": 60,
    "generator_width": 128,
    "cluster_samples": 500,
}
# The published sizes and networks, unchanged: one base model a side, the plain posterior
# difference, 10,000 + 1,000 updates (PyTorch code of the paper).
_PAPER: Fields = {
    "target_size": 40_000,
    "validation_size": 1_000,
    "shadow_size": 20_000,
    "base_size": 10_000,
    "shadow_bases": 1,
    "validation_bases": 1,
    "target_bases": 1,
    "shadow_updates": 10_000,
    "validation_updates": 1_000,
    "target_updates": 1_000,
    "feature_map": "published",
}
# CIFAR-10 has 10,000 images less.
_PAPER_DATASETS: dict[str, Fields] = {"cifar10": {"target_size": 30_000}}
_PUBLISHED_ADAM: Fields = {"learning_rate": 1e-3, "weight_decay": 1e-5}
_PAPER_ATTACKS: dict[str, Fields] = {
    "li": {"hidden": 128, "dropout": 0.2, "epochs": 50, "ensemble": 1, **_PUBLISHED_ADAM},
    "ssr": {"hidden": 128, "dropout": 0.2, "epochs": 50, "ensemble": 1, **_PUBLISHED_ADAM},
    "lde": {"hidden": 256, "dropout": 0.5, "epochs": 50, "ensemble": 10, **_PUBLISHED_ADAM},
    "msr": {
        "hidden": 256,
        "dropout": 0.5,
        "transfer": False,
        "labels": False,
        "generator_width": 2048,
        "samples_per_set": 100,
        "adversarial_weight": 1.0,
        "learning_rate": 2e-4,
        "sets_per_step": 1,
        # One pass over 10,000 sets; its state is written down ten times.
        "epochs": 10,
        "epoch_steps": 1000,
        "patience": 10,
        "set_loss": "best_match",
        "clustering": "kmeans",
        "cluster_samples": 20_000,
    },
}


def preset_fields(attack: AttackName, dataset: str, preset: Preset) -> dict[str, Any]:
    """The field values of a preset, later layers over earlier ones.

    Args:
        attack: li, ssr, lde or msr.
        dataset: the --dataset flag.
        preset: quick, default or paper.
    """
    base = _DATASETS.get(dataset, {} if dataset.endswith(".npz") else _LARGE)
    plain = [base, _ATTACKS[attack]]
    if base.get("shadow_bases"):
        plain.append(_ATTACKS_ON_LARGE.get(attack, {}))
    default = [*plain, _ATTACKS_ON.get((attack, dataset), {})]
    layers: dict[str, list[Fields]] = {
        "quick": [*default, _QUICK],
        "default": default,
        "paper": [*plain, _PAPER, _PAPER_DATASETS.get(dataset, {}), _PAPER_ATTACKS[attack]],
    }
    return {name: value for layer in layers[preset] for name, value in layer.items()}
