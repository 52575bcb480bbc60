"""The table of presets, and the flags laid over them."""

import dataclasses
import os
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ulk_tf.errors import UserError
from ulk_tf.preflight import preflight
from ulk_tf.settings.config import (
    ATTACK_CONFIGS,
    AttackName,
    CorpusConfig,
    DataConfig,
    Experiment,
    OutputConfig,
    TargetConfig,
    UpdateConfig,
)
from ulk_tf.settings.flags import Described, Flag
from ulk_tf.settings.preset_tables import ATTACKS, PRESETS, Preset, preset_fields

__all__ = [
    "ATTACKS",
    "PRESETS",
    "Preset",
    "command",
    "experiment",
    "parts",
    "preset_fields",
    "shared_command",
]

EXAMPLES = (
    ("", "handwritten digits, offline"),
    ("--preset=quick", "the same in about a minute"),
    ("--dataset=mnist", "from TensorFlow Datasets"),
    ("--dataset=own.npz --target=module:function", "your data, your classifier"),
    ("--dataset=cifar10 --help", "flags, with their values there"),
)
_PATHS = ("dataset", "data_dir", "runs_dir", "export_dir")


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
    classes: list[type] = [DataConfig, TargetConfig, UpdateConfig, CorpusConfig, OutputConfig]

    def checked_run(**flags: Any) -> None:
        preflight(*(experiment(attack, **flags) for attack in ATTACKS))
        run(**flags)

    # The size of a set is what makes single-sample and multi-sample attacks differ.
    return _described(checked_run, "li", classes, summary, without=("set_size",))


def _described(
    run: Callable[..., None],
    attack: AttackName,
    classes: Sequence[type],
    summary: str,
    without: Sequence[str] = (),
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
            *(
                flag
                for cls in classes
                for flag in _class_flags(cls, attack, dataset)
                if flag.name not in without
            ),
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
        given = {preset: value for preset, value in named.items() if value is not None}
        return ", ".join(f"{preset} {_shown(value)}" for preset, value in given.items())
    value = next(iter(named.values()))
    return "" if value is None else _shown(value)


def _shown(value: Any) -> str:
    """A value as it would be typed."""
    return str(value).lower() if isinstance(value, bool) else str(value)
