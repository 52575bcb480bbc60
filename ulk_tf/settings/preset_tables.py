"""Preset tables: values by preset, attack and data set; other fields keep the config's default.

The last layer that has a value decides:

| preset | layers, first to last |
|---|---|
| default | the data set's, the attack's `plain`, `large` on large data sets, `on` the data set |
| quick | those, `QUICK`, the attack's `quick` |
| paper | the data set's, the attack's `plain` and `large`, `PAPER`, the attack's `paper` |

Where a base model is a file, `own_base_fields` overrides those of default and quick.
"""

import typing
from typing import Any, Literal

from ulk_tf.errors import UserError
from ulk_tf.settings.attack_row import Fields
from ulk_tf.settings.attack_table import attack_row

Preset = Literal["quick", "default", "paper"]
PRESETS: tuple[Preset, ...] = typing.get_args(Preset)

# Data sets of tens of thousands of images. More shadow bases help more than more updates of each.
LARGE: Fields = {
    "training_bases": 32,
    "training_updates": 2_000,
    "validation_bases": 2,
    "validation_updates": 1_000,
    "target_updates": 200,
}
DATASETS: dict[str, Fields] = {
    "digits": {
        # 8x8 digits are few: at a tenth of this rate a base model hardly learns them.
        "base_learning_rate": 0.01,
        # The base model is right on 85%, not yet confident: updates of a confident one leak less.
        "base_epochs": 10,
        "update_learning_rate": 0.01,
        # An epoch has only eight batches.
        "autoencoder_epochs": 100,
    },
    "mnist": LARGE,
    # A base model takes twice as long as one of MNIST.
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
# The published sizes and networks (PyTorch code of the paper): one base model on each side, the
# posterior difference as features, 10,000 training and 1,000 test updates.
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
# CIFAR-10 has 60,000 images, 10,000 less than MNIST.
PAPER_DATASETS: dict[str, Fields] = {"cifar10": {"samples": 30_000}}
# Where a side's base model is a file, there is one: more updates of it take the place of others.
OWN_BASE: Fields = {"target_bases": 1, "target_updates": 2_000}
INSIDER: Fields = {
    "training_bases": 1,
    "training_updates": 10_000,
    "validation_bases": 1,
    "validation_updates": 1_000,
}
QUICK_OWN_BASE: Fields = {"target_updates": 200}
QUICK_INSIDER: Fields = {"training_updates": 1_000, "validation_updates": 100}
# Counts of base models, by the flag that names the file which is the only one of them.
SINGLE = {
    "base_model": ("target_bases",),
    "shadow_base_model": ("training_bases", "validation_bases"),
}


def own_base_fields(attack: str, preset: Preset, flags: Fields) -> dict[str, Any]:
    """Return the field values that base models from files set instead of the preset's, by name.

    The paper preset has one base model on each side anyway, and keeps its values.

    Args:
        attack: li, ssr, lde, msr, or another attack of the table.
        preset: quick, default or paper.
        flags: the given flags.

    Raises:
        UserError: a flag asks for several base models where a file is the only one.
    """
    quick = preset == "quick"
    row = attack_row(attack).presets
    values: dict[str, Any] = {}
    for name, counts in SINGLE.items():
        if flags.get(name) is None:
            continue
        for count in counts:
            if flags.get(count) not in (None, 1):
                raise UserError(
                    f"--{count}=1 with --{name}, which is one base model",
                    flags[count],
                    f"Leave --{count} out.",
                )
        if preset == "paper":
            continue
        if name == "base_model":
            values |= {**OWN_BASE, **row.own_base, **(QUICK_OWN_BASE if quick else {})}
        else:
            values |= {**INSIDER, **row.insider, **(QUICK_INSIDER if quick else {})}
    for prefix in ("", "shadow_"):
        if flags.get(f"{prefix}base_samples") and not flags.get(f"{prefix}base_model"):
            raise UserError(
                f"--{prefix}base_model beside --{prefix}base_samples, which it was trained on",
                "none",
            )
    return values


def preset_fields(attack: str, dataset: str, preset: Preset) -> dict[str, Any]:
    """Return the field values of a preset by name; later layers override earlier ones.

    Args:
        attack: li, ssr, lde, msr, or another attack of the table.
        dataset: value of the --dataset flag.
        preset: quick, default or paper.
    """
    overrides = attack_row(attack).presets
    base = DATASETS.get(dataset, {} if dataset.endswith(".npz") else LARGE)
    plain = [base, overrides.plain]
    if base.get("training_bases"):
        plain.append(overrides.large)
    default = [*plain, overrides.on.get(dataset, {})]
    layers: dict[str, list[Fields]] = {
        "quick": [*default, QUICK, overrides.quick],
        "default": default,
        "paper": [*plain, PAPER, PAPER_DATASETS.get(dataset, {}), overrides.paper],
    }
    return {name: value for layer in layers[preset] for name, value in layer.items()}
