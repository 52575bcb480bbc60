"""Configs: every field is a described flag, and no config holds a value it should not."""

import dataclasses
import math
import typing
from typing import Any

import pytest

from ulk_tf.errors import UserError
from ulk_tf.settings import attack_configs, config, flag_types, presets

CLASSES = [
    *presets.PARTY.values(),
    config.ProbingConfig,
    config.CountsConfig,
    config.ExecutionConfig,
    config.FoldersConfig,
    attack_configs.LabelConfig,
    attack_configs.SsrConfig,
    attack_configs.MsrConfig,
]
FIELDS = [(cls, item) for cls in CLASSES for item in dataclasses.fields(cls)]
each_field = pytest.mark.parametrize(
    ("cls", "item"), FIELDS, ids=[f"{c.__name__}.{f.name}" for c, f in FIELDS]
)


@each_field
def test_each_field_is_a_described_flag(cls: type, item: Any) -> None:
    annotation = typing.get_type_hints(cls)[item.name]
    assert len(item.metadata["help"]) > 5
    assert flag_types.describe(annotation) and flag_types.placeholder(annotation)
    assert flag_types.fits(item.default, annotation)
    typed = "none" if item.default is None else str(item.default)
    assert flag_types.parse(typed, annotation, item.name) == item.default


@each_field
def test_each_field_refuses_what_it_is_not(cls: type, item: Any) -> None:
    annotation = typing.get_type_hints(cls)[item.name]
    plain = flag_types.required(annotation)
    wrong = [[], {}, b"x"]
    wrong += [] if flag_types.optional(annotation) else [None]
    wrong += ["no such choice"] if flag_types.choices(annotation) else []
    wrong += ["5", 0.5, True, math.nan, math.inf] if plain is int else []
    wrong += ["5", True, math.nan, -math.inf] if plain is float else []
    wrong += [1, "true"] if plain is bool else []
    wrong += [3, ""] if plain is str else []
    wrong += [item.metadata[bound] - 1 for bound in ("low",) if item.metadata[bound] is not None]
    wrong += [item.metadata[bound] + 1 for bound in ("high",) if item.metadata[bound] is not None]
    for value in wrong:
        with pytest.raises(UserError, match=f"--{item.name} "):
            cls(**{item.name: value})


def test_flags_of_one_run_have_different_names() -> None:
    for attack in presets.ATTACKS:
        names = presets.flag_names(attack)
        assert len(set(names)) == len(names)


def test_configs_are_frozen() -> None:
    for cls in CLASSES:
        item = dataclasses.fields(cls)[0]
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(cls(), item.name, item.default)


def test_a_huge_number_is_no_crash() -> None:
    assert config.ProbingConfig(n_probes=10**400).n_probes == 10**400
