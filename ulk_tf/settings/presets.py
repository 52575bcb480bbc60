"""Experiments from flags: presets below, what was given above, and what the adversary assumes."""

import dataclasses
import os
import types
from collections.abc import Mapping
from typing import Any

from ulk_tf.errors import UserError
from ulk_tf.settings.attack_table import ATTACKS, attack_row
from ulk_tf.settings.config import (
    CountsConfig,
    DataConfig,
    DefenceConfig,
    ExecutionConfig,
    FoldersConfig,
    ModelConfig,
    ProbingConfig,
    TrainingConfig,
    UpdateConfig,
)
from ulk_tf.settings.experiment import Experiment, Party
from ulk_tf.settings.preset_tables import PRESETS, Preset, preset_fields

__all__ = ["ATTACKS", "PRESETS", "Preset", "experiment", "flags_of", "parts", "preset_fields"]

# The configs that each of the two sides has, by their field of `Party`.
PARTY: Mapping[str, type] = types.MappingProxyType(
    {
        "data": DataConfig,
        "model": ModelConfig,
        "training": TrainingConfig,
        "update": UpdateConfig,
        "defence": DefenceConfig,
    }
)
SHADOW = "shadow_"
# Flags of an update that a compiled model has a value of its own for.
OF_COMPILING = ("update_optimizer", "update_learning_rate", "update_momentum")
# The adversary has the owner's value of every field that is not given, but for this one: samples
# are had by one side only.
OWN_TO_EACH_SIDE = ("samples",)
_PATHS = ("dataset", f"{SHADOW}dataset", "data_dir", "runs_dir", "export_dir")


def parts(attack: str) -> dict[str, type]:
    """The config classes of an attack: those of a party, then those of the experiment itself.

    Args:
        attack: a name of the table of attacks.
    """
    return {
        **PARTY,
        "probing": ProbingConfig,
        "counts": CountsConfig,
        "execution": ExecutionConfig,
        "attack": attack_row(attack).config,
        "folders": FoldersConfig,
    }


def experiment(attack: str, preset: Preset = "default", seed: int = 0, **flags: Any) -> Experiment:
    """The experiment of `attack` with `flags` laid over a preset.

    Args:
        attack: li, ssr, lde, msr, or another of the table.
        preset: quick, default or paper.
        seed: the seed of everything.
        **flags: any config field by name; a field of a party is the owner's, and with the
            prefix `shadow_` what the adversary assumes: as the owner's when not given.

    Raises:
        UserError: a value out of its bounds, or values that do not fit together.
        TypeError: no field of that name.
    """
    if preset not in PRESETS:
        raise UserError(f"--preset to be one of {', '.join(PRESETS)}", repr(preset))
    classes = parts(attack)
    if unknown := set(flags) - set(flag_names(attack)):
        raise TypeError(f"no config field named {', '.join(sorted(unknown))}")
    # A shell leaves the tilde of --runs_dir=~/runs as it is.
    flags |= {n: os.path.expanduser(flags[n]) for n in _PATHS if flags.get(n)}  # noqa: PTH111
    dataset = flags.get("dataset", DataConfig.dataset)
    values = preset_fields(attack, dataset, preset) | _own_compile(flags) | flags
    return Experiment(
        attack_name=attack,
        preset=preset,
        seed=seed,
        owner=Party(**{name: _filled(cls, values) for name, cls in PARTY.items()}),
        adversary=Party(**{name: _assumed(cls, values) for name, cls in PARTY.items()}),
        **{name: _filled(cls, values) for name, cls in classes.items() if name not in PARTY},
    )


def _own_compile(flags: Mapping[str, Any]) -> dict[str, bool]:
    """Whether flags for an update's optimizer overrule what a model was compiled with."""
    return {
        f"{side}compiled": False
        for side in ("", SHADOW)
        if any(flags.get(side + name) is not None for name in OF_COMPILING)
    }


def flag_names(attack: str) -> list[str]:
    """The names of all flags of an attack, but for `preset` and `seed`."""
    own = [item.name for cls in parts(attack).values() for item in dataclasses.fields(cls)]
    return own + [SHADOW + item.name for cls in PARTY.values() for item in dataclasses.fields(cls)]


def flags_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """The flags that give an experiment again, but for those that its preset sets.

    Args:
        config: an experiment as nested dictionaries, as results.json has it; where files are
            and who computes is left out, since it changes no figure.
    """
    owner, adversary = config["owner"], config["adversary"]
    attack, preset = config["attack_name"], config["preset"]
    dataset = owner["data"]["dataset"]
    flags = {"dataset": dataset} | ({} if preset == "default" else {"preset": preset})
    flags |= {} if config["seed"] == 0 else {"seed": config["seed"]}
    plain = dataclasses.asdict(experiment(attack, preset, dataset=dataset))
    for part in (*PARTY, "probing", "counts", "attack"):
        values, usual = ((c["owner"] if part in PARTY else c)[part] for c in (config, plain))
        flags |= {n: v for n, v in values.items() if n != "dataset" and v != usual[n]}
    if _own_compile(flags):
        flags.pop("compiled", None)
    # The adversary's settings that are neither the owner's nor the preset's.
    assumed = dataclasses.asdict(experiment(attack, **flags))["adversary"]
    for part in PARTY:
        flags |= {
            SHADOW + name: value
            for name, value in adversary[part].items()
            if value != assumed[part][name]
        }
    return flags


def _filled(cls: type, values: Mapping[str, Any]) -> Any:
    names = [item.name for item in dataclasses.fields(cls)]
    return cls(**{name: values[name] for name in names if name in values})


def _assumed(cls: type, values: Mapping[str, Any]) -> Any:
    """A party's config as the adversary has it."""
    own: dict[str, Any] = {}
    for item in dataclasses.fields(cls):
        twin = SHADOW + item.name
        if twin in values:
            own[item.name] = values[twin]
        elif item.name in values and item.name not in OWN_TO_EACH_SIDE:
            own[item.name] = values[item.name]
    try:
        return cls(**own)
    except UserError as error:
        # The sentence names the owner's flag; what was typed is its twin.
        named = error.expected.replace("--", f"--{SHADOW}", 1)
        raise UserError(named, error.received, error.remedy) from error
