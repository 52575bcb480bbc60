"""The table of presets, and the flags laid over them."""

import dataclasses
import inspect
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

Preset = Literal["quick", "default", "paper"]
Fields = Mapping[str, Any]

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
_QUICK: Fields = {
    "base_epochs": 10,
    "shadow_bases": 2,
    "target_bases": 2,
    "shadow_updates": 300,
    "validation_updates": 50,
    "target_updates": 20,
    "epochs": 5,
    "label_epochs": 5,
    "autoencoder_epochs": 5,
    "generator_width": 128,
    "generated": 120,
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
        "labels": False,
        "generator_width": 2048,
        "generated": 100,
        "adversarial_weight": 1.0,
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
    layers: dict[str, list[Fields]] = {
        "quick": [base, _ATTACKS[attack], _QUICK],
        "default": [base, _ATTACKS[attack]],
        "paper": [
            base,
            _ATTACKS[attack],
            _PAPER,
            _PAPER_DATASETS.get(dataset, {}),
            _PAPER_ATTACKS[attack],
        ],
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
    classes = parts(attack)
    known = {item.name for cls in classes.values() for item in dataclasses.fields(cls)}
    if unknown := set(flags) - known:
        raise TypeError(f"no config field named {', '.join(sorted(unknown))}")
    dataset = flags.get("dataset", DataConfig.dataset)
    values = preset_fields(attack, dataset, preset) | flags
    built = {
        part: cls(**{f.name: values[f.name] for f in dataclasses.fields(cls) if f.name in values})
        for part, cls in classes.items()
    }
    return Experiment(attack, preset, seed, **built)


def command(
    attack: AttackName, run: Callable[[Experiment], None], summary: str
) -> Callable[..., None]:
    """A command-line function with one flag for each config field of `attack`.

    Args:
        attack: li, ssr, lde or msr.
        run: what to do with the experiment.
        summary: the first line of --help.
    """
    return _with_flags(
        lambda **flags: run(experiment(attack, **flags)), list(parts(attack).values()), summary
    )


def shared_command(run: Callable[..., None], summary: str) -> Callable[..., None]:
    """A command-line function with the flags that all attacks share.

    Args:
        run: takes the flags that were given.
        summary: the first line of --help.
    """
    return _with_flags(run, [DataConfig, TargetConfig, CorpusConfig, OutputConfig], summary)


def _with_flags(
    run: Callable[..., None], classes: Sequence[type], summary: str
) -> Callable[..., None]:
    hints: dict[str, Any] = {"preset": Preset, "seed": int}
    lines = [
        "preset: quick (about a minute), default (two cores) or paper (the published sizes)",
        "seed: the seed of everything; same seed, same bytes on CPU",
    ]
    for cls in classes:
        resolved = typing.get_type_hints(cls)
        for item in dataclasses.fields(cls):
            hints[item.name] = resolved[item.name]
            lines.append(f"{item.name}: {item.metadata['help']} (default {item.default})")

    def main(**flags: Any) -> None:
        run(**flags)

    keyword = inspect.Parameter.KEYWORD_ONLY
    main.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, keyword, default=None) for name in hints]
    )
    main.__ulk_hints__ = hints  # type: ignore[attr-defined]
    main.__doc__ = "\n    ".join([summary, "", "A flag laid over a preset wins.", "", "Args:"])
    main.__doc__ += "\n        " + "\n        ".join(lines)
    return main
