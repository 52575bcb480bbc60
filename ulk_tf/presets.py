"""The table of presets, and the flags laid over them."""

import dataclasses
import os
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from ulk_tf.config import (
    ATTACK_CONFIGS,
    AttackName,
    CorpusConfig,
    DataConfig,
    Experiment,
    OutputConfig,
    TargetConfig,
    UpdateConfig,
)
from ulk_tf.errors import UserError
from ulk_tf.flags import Described, Flag
from ulk_tf.preflight import preflight

Preset = Literal["quick", "default", "paper"]
PRESETS: tuple[Preset, ...] = typing.get_args(Preset)
Fields = Mapping[str, Any]
EXAMPLES = (
    ("", "handwritten digits, offline"),
    ("--preset=quick", "the same in about a minute"),
    ("--dataset=mnist", "from TensorFlow Datasets"),
    ("--dataset=own.npz --target=module:function", "your data, your classifier"),
    ("--dataset=cifar10 --help", "flags, with their values there"),
)
_PATHS = ("dataset", "data_dir", "runs_dir", "export_dir")

# Data sets of tens of thousands of images: more updates for each base.
_LARGE: Fields = {
    "shadow_updates": 5_000,
    "validation_updates": 1_000,
    "target_updates": 200,
}
ATTACKS: tuple[AttackName, ...] = ("li", "ssr", "lde", "msr")
_DATASETS: dict[str, Fields] = {
    "digits": {
        # 8x8 digits are few and easy: ten times the learning rate for a base worth attacking.
        "base_learning_rate": 0.01,
        "update_learning_rate": 0.01,
        # Eight batches an epoch.
        "autoencoder_epochs": 100,
    },
    "mnist": _LARGE,
    "cifar10": _LARGE,
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
    ("msr", "digits"): {**_FEW_DIGITS, "sets_per_step": 16},
}
_ATTACKS_ON_LARGE: dict[AttackName, Fields] = {"msr": {"epochs": 1, "target_updates": 100}}
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
    "clustered": 500,
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
    "feature_map": "difference",
}
# CIFAR-10 has 10,000 images less.
_PAPER_DATASETS: dict[str, Fields] = {"cifar10": {"target_size": 30_000}}
_PAPER_ATTACKS: dict[str, Fields] = {
    "li": {"hidden": 128, "dropout": 0.2, "epochs": 50},
    "ssr": {"hidden": 128, "dropout": 0.2, "epochs": 50},
    "lde": {"hidden": 256, "dropout": 0.5, "epochs": 50, "members": 10},
    "msr": {
        "hidden": 256,
        "dropout": 0.5,
        "transfer": False,
        "labels": False,
        "generator_width": 2048,
        "generated": 100,
        "adversarial_weight": 1.0,
        "learning_rate": 2e-4,
        "sets_per_step": 1,
        "epochs": 1,
        "clustered": 20_000,
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
    if base is _LARGE:
        plain.append(_ATTACKS_ON_LARGE.get(attack, {}))
    default = [*plain, _ATTACKS_ON.get((attack, dataset), {})]
    layers: dict[str, list[Fields]] = {
        "quick": [*default, _QUICK],
        "default": default,
        "paper": [*plain, _PAPER, _PAPER_DATASETS.get(dataset, {}), _PAPER_ATTACKS[attack]],
    }
    return {name: value for layer in layers[preset] for name, value in layer.items()}


def parts(attack: AttackName) -> dict[str, type]:
    """The config classes of an attack, by their field of `Experiment`."""
    return {
        "data": DataConfig,
        "target": TargetConfig,
        "update": UpdateConfig,
        "corpus": CorpusConfig,
        "attack": ATTACK_CONFIGS[attack],
        "output": OutputConfig,
    }


def experiment(
    attack: AttackName, preset: Preset = "default", seed: int = 0, **flags: Any
) -> Experiment:
    """The experiment of `attack` with `flags` laid over a preset.

    Args:
        attack: li, ssr, lde or msr.
        preset: quick, default or paper.
        seed: the seed of everything.
        **flags: any config field by name.

    Raises:
        UserError: a value out of its bounds, or values that do not fit together.
        TypeError: no field of that name.
    """
    if preset not in PRESETS:
        raise UserError(f"--preset to be one of {', '.join(PRESETS)}", repr(preset))
    classes = parts(attack)
    known = {item.name for cls in classes.values() for item in dataclasses.fields(cls)}
    if unknown := set(flags) - known:
        raise TypeError(f"no config field named {', '.join(sorted(unknown))}")
    # A shell leaves the tilde of --runs_dir=~/runs as it is.
    flags |= {n: os.path.expanduser(flags[n]) for n in _PATHS if flags.get(n)}  # noqa: PTH111
    dataset = flags.get("dataset", DataConfig.dataset)
    values = preset_fields(attack, dataset, preset) | flags
    built = {
        part: cls(**{f.name: values[f.name] for f in dataclasses.fields(cls) if f.name in values})
        for part, cls in classes.items()
    }
    return Experiment(attack, preset, seed, **built)


def command(attack: AttackName, run: Callable[[Experiment], None], summary: str) -> Described:
    """A command-line function with one flag for each config field of `attack`.

    Args:
        attack: li, ssr, lde or msr.
        run: what to do with the experiment, once what can be checked early is.
        summary: the first line of --help.
    """

    def checked_run(**flags: Any) -> None:
        settings = experiment(attack, **flags)
        preflight(settings)
        run(settings)

    return _described(checked_run, attack, list(parts(attack).values()), summary)


def shared_command(run: Callable[..., None], summary: str) -> Described:
    """A command-line function with the flags that all attacks share.

    Args:
        run: takes the flags that were given.
        summary: the first line of --help.
    """
    classes: list[type] = [DataConfig, TargetConfig, CorpusConfig, OutputConfig]

    def checked_run(**flags: Any) -> None:
        preflight(*(experiment(attack, **flags) for attack in ATTACKS))
        run(**flags)

    return _described(checked_run, "li", classes, summary)


def _described(
    run: Callable[..., None], attack: AttackName, classes: Sequence[type], summary: str
) -> Described:
    def flags(given: Mapping[str, str]) -> list[Flag]:
        dataset = given.get("dataset", DataConfig.dataset)
        group = f"Flags, with their [values] for --dataset={dataset}"
        return [
            Flag(
                "preset",
                Preset,
                "quick (about a minute), default (two cores, under an hour) or paper (the "
                "published sizes); a flag that is given wins over it",
                default="default",
                group=group,
            ),
            Flag("seed", int, "of everything; same seed, same bytes on CPU", "0", group=group),
            *(flag for cls in classes for flag in _class_flags(cls, attack, dataset)),
        ]

    return Described(run, summary, flags, EXAMPLES)


def _class_flags(cls: type, attack: AttackName, dataset: str) -> list[Flag]:
    values = {preset: preset_fields(attack, dataset, preset) for preset in PRESETS}
    hints = typing.get_type_hints(cls)
    flags = []
    for item in dataclasses.fields(cls):
        named = {str(p): values[p].get(item.name, item.default) for p in PRESETS}
        low = item.metadata["low"]
        flags.append(
            Flag(
                item.name,
                hints[item.name],
                item.metadata["help"] + (f"; at least {low}" if low else ""),
                _shown_default(named),
                group=(cls.__doc__ or "").partition("\n")[0].rstrip("."),
            )
        )
    return flags


def _shown_default(named: Mapping[str, Any]) -> str:
    """A value for each preset, or one where all agree."""
    if len(set(named.values())) > 1:
        return ", ".join(f"{preset} {_shown(value)}" for preset, value in named.items())
    value = next(iter(named.values()))
    return "" if value is None else _shown(value)


def _shown(value: Any) -> str:
    """A value as it would be typed."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
