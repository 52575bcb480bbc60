"""Values of the presets, by attack and data set; everything else is the config's own default.

A value comes from the last layer that has it:

| preset | layers, first to last |
|---|---|
| default | the data set's, the attack's `plain`, `large` on large data sets, `on` the data set |
| quick | those, `QUICK`, the attack's `quick` |
| paper | the data set's, the attack's `plain` and `large`, `PAPER`, the attack's `paper` |
"""

import typing
from typing import Any, Literal

from ulk_tf.settings.attack_table import Fields, attack_row

Preset = Literal["quick", "default", "paper"]
PRESETS: tuple[Preset, ...] = typing.get_args(Preset)

# Data sets of tens of thousands of images. More shadow bases beat more updates of each.
LARGE: Fields = {
    "training_bases": 32,
    "training_updates": 2_000,
    "validation_bases": 2,
    "validation_updates": 1_000,
    "target_updates": 200,
}
DATASETS: dict[str, Fields] = {
    "digits": {
        # 8x8 digits are few and easy: ten times the learning rate for a base worth attacking.
        "base_learning_rate": 0.01,
        # A classifier that still has to learn, right on 85%: a confident one gives away less.
        "base_epochs": 10,
        "update_learning_rate": 0.01,
        # Eight batches an epoch.
        "autoencoder_epochs": 100,
    },
    "mnist": LARGE,
    # Its base models take twice as long.
    "cifar10": {**LARGE, "training_bases": 24},
}
QUICK: Fields = {
    "base_epochs": 10,
    "training_bases": 2,
    "training_updates": 300,
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
PAPER: Fields = {
    "samples": 40_000,
    "validation_samples": 1_000,
    "shadow_samples": 20_000,
    "base_size": 10_000,
    "training_bases": 1,
    "validation_bases": 1,
    "target_bases": 1,
    "training_updates": 10_000,
    "validation_updates": 1_000,
    "target_updates": 1_000,
    "feature_map": "published",
}
# CIFAR-10 has 10,000 images less.
PAPER_DATASETS: dict[str, Fields] = {"cifar10": {"samples": 30_000}}


def preset_fields(attack: str, dataset: str, preset: Preset) -> dict[str, Any]:
    """The field values of a preset, later layers over earlier ones.

    Args:
        attack: li, ssr, lde, msr, or another of the table.
        dataset: the --dataset flag.
        preset: quick, default or paper.
    """
    own = attack_row(attack).presets
    base = DATASETS.get(dataset, {} if dataset.endswith(".npz") else LARGE)
    plain = [base, own.plain]
    if base.get("training_bases"):
        plain.append(own.large)
    default = [*plain, own.on.get(dataset, {})]
    layers: dict[str, list[Fields]] = {
        "quick": [*default, QUICK, own.quick],
        "default": default,
        "paper": [*plain, PAPER, PAPER_DATASETS.get(dataset, {}), own.paper],
    }
    return {name: value for layer in layers[preset] for name, value in layer.items()}
