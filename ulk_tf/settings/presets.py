"""Presets: experiments from a preset, given flags, and the adversary's assumptions."""

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
)
from ulk_tf.settings.experiment import Experiment, Party
from ulk_tf.settings.preset_tables import PRESETS, Preset, own_base_fields, preset_fields
from ulk_tf.settings.update_config import UpdateConfig

__all__ = [
    "ATTACKS",
    "PRESETS",
    "Preset",
    "experiment",
    "flags_of",
    "outsider_and_insider",
    "parts",
    "preset_fields",
]

# Config classes of each party, by their field of `Party`.
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
# Flags whose values a compiled model defines too, by the flag that says which of both count.
OF_COMPILING: Mapping[str, tuple[str, ...]] = {
    "compiled": ("update_optimizer", "update_learning_rate", "update_momentum"),
    "base_compiled": ("base_optimizer", "base_learning_rate", "base_momentum"),
}
# Fields that the adversary does not take over from the owner when they are not given: the two
# sides have disjoint samples, and she who has the owner's base model is an insider.
OWN_TO_EACH_SIDE = ("samples", "base_model")
_OF_SIDES = ("dataset", "base_model", "base_samples")
_PATHS = (
    *_OF_SIDES,
    *map(SHADOW.__add__, _OF_SIDES),
    "probes",
    "data_dir",
    "runs_dir",
    "export_dir",
)


def parts(attack: str) -> dict[str, type]:
    """Return the config classes of an attack: those of a party, then the experiment's own.

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
    """Make the experiment of an attack from a preset and flags, which override it.

    Args:
        attack: li, ssr, lde, msr, or another attack of the table.
        preset: quick, default or paper.
        seed: seed of all randomness, 0 to 2**31 - 1.
        **flags: any config field by name. A party's field is the owner's; with the prefix
            `shadow_` it is the adversary's, which equals the owner's when not given.

    Raises:
        UserError: a value is out of its bounds, or values do not fit together.
        TypeError: no config field has that name.
    """
    if preset not in PRESETS:
        raise UserError(f"--preset to be one of {', '.join(PRESETS)}", repr(preset))
    classes = parts(attack)
    if unknown := set(flags) - set(flag_names(attack)):
        raise TypeError(f"no config field named {', '.join(sorted(unknown))}")
    # Shells do not expand the tilde of --runs_dir=~/runs.
    flags |= {n: os.path.expanduser(flags[n]) for n in _PATHS if flags.get(n)}  # noqa: PTH111
    dataset = flags.get("dataset", DataConfig.dataset)
    values = preset_fields(attack, dataset, preset)
    values |= own_base_fields(attack, preset, flags) | _overridden_compile(flags) | flags
    return Experiment(
        attack_name=attack,
        preset=preset,
        seed=seed,
        owner=Party(**{name: _filled(cls, values) for name, cls in PARTY.items()}),
        adversary=Party(**{name: _assumed(cls, values) for name, cls in PARTY.items()}),
        **{name: _filled(cls, values) for name, cls in classes.items() if name not in PARTY},
    )


def outsider_and_insider(attack: str, **flags: Any) -> tuple[Experiment, Experiment]:
    """Make the experiments of an outsider and of an insider who attack the same base model.

    Both are asked about the same target updates.

    Args:
        attack: li, ssr, lde, msr, or another attack of the table.
        **flags: as `experiment` takes them, with `base_model`.

    Raises:
        UserError: there is no base model, or the adversary is given one of her own.
    """
    if flags.get("base_model") is None:
        raise UserError("--base_model=model.keras", "none")
    own = f"{SHADOW}base_model"
    if flags.get(own) is not None:
        raise UserError(f"no --{own}: the insider has --base_model", repr(flags[own]))
    outsider = experiment(attack, **flags)
    # The outsider's numbers of base models are not the insider's, who has one.
    of_both = {k: v for k, v in flags.items() if k not in ("training_bases", "validation_bases")}
    return outsider, experiment(attack, **of_both | {own: flags["base_model"]})


def _overridden_compile(flags: Mapping[str, Any]) -> dict[str, bool]:
    """Set `compiled` or `base_compiled` to False for each side that has a flag in its place."""
    return {
        side + switch: False
        for side in ("", SHADOW)
        for switch, names in OF_COMPILING.items()
        if any(flags.get(side + name) is not None for name in names)
    }


def flag_names(attack: str) -> list[str]:
    """Return the names of all flags of an attack, except `preset` and `seed`."""
    names = [item.name for cls in parts(attack).values() for item in dataclasses.fields(cls)]
    twins = [SHADOW + item.name for cls in PARTY.values() for item in dataclasses.fields(cls)]
    return names + twins


def flags_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flags that reproduce an experiment, by name; values of its preset are omitted.

    Args:
        config: an experiment as nested dictionaries, as in results.json. Its folders and its
            execution are ignored, since they change no result.
    """
    owner, adversary = config["owner"], config["adversary"]
    attack, preset = config["attack_name"], config["preset"]
    dataset = owner["data"]["dataset"]
    flags = {"dataset": dataset} | ({} if preset == "default" else {"preset": preset})
    flags |= {} if config["seed"] == 0 else {"seed": config["seed"]}
    # Base models from files change the preset's counts.
    files = {
        f"{prefix}base_model": known
        for prefix, party in (("", owner), (SHADOW, adversary))
        if (known := party["model"].get("base_model"))
    }
    plain = dataclasses.asdict(experiment(attack, preset, dataset=dataset, **files))
    flags |= files
    for part in (*PARTY, "probing", "counts", "attack"):
        values, usual = ((c["owner"] if part in PARTY else c)[part] for c in (config, plain))
        flags |= {n: v for n, v in values.items() if n != "dataset" and v != usual[n]}
    # Add the adversary's settings that follow neither from the owner's nor from the preset.
    assumed = dataclasses.asdict(experiment(attack, **_without_switches(flags)))["adversary"]
    for part in PARTY:
        flags |= {
            SHADOW + name: value
            for name, value in adversary[part].items()
            if value != assumed[part][name]
        }
    flags = _without_switches(flags)
    for prefix, side in (("", "owner"), (SHADOW, "adversary")):
        followed = dataclasses.asdict(experiment(attack, **flags))[side]
        for part in PARTY:
            flags |= {
                prefix + name: value
                for name, value in config[side][part].items()
                if name in OF_COMPILING and value != followed[part][name]
            }
    return flags


def _without_switches(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out `compiled` and its kind, which follow from other flags unless they are given."""
    switches = [prefix + switch for switch in OF_COMPILING for prefix in ("", SHADOW)]
    return {name: value for name, value in flags.items() if name not in switches}


def _filled(cls: type, values: Mapping[str, Any]) -> Any:
    names = [item.name for item in dataclasses.fields(cls)]
    return cls(**{name: values[name] for name in names if name in values})


def _assumed(cls: type, values: Mapping[str, Any]) -> Any:
    """Make a party's config for the adversary: `shadow_` values, else the owner's."""
    assumed: dict[str, Any] = {}
    for item in dataclasses.fields(cls):
        twin = SHADOW + item.name
        if twin in values:
            assumed[item.name] = values[twin]
        elif item.name in values and item.name not in OWN_TO_EACH_SIDE:
            assumed[item.name] = values[item.name]
    try:
        return cls(**assumed)
    except UserError as error:
        # The sentence names the owner's flag, but the user typed its twin.
        named = error.expected.replace("--", f"--{SHADOW}", 1)
        raise UserError(named, error.received, error.remedy) from error
