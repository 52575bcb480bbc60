"""Presets: flags win over them, each fits its data, and paper is what was published."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from ulk_tf.commands import command
from ulk_tf.data.set_sizes import check_set_sizes
from ulk_tf.data.splits import split
from ulk_tf.errors import UserError
from ulk_tf.settings import presets
from ulk_tf.settings.attack_configs import LabelConfig, MsrConfig, SsrConfig
from ulk_tf.settings.flags import describe

ROOT = Path(__file__).parents[2]
SAMPLES = {"digits": 1797, "mnist": 70_000, "cifar10": 60_000, "fashion_mnist": 70_000}


@pytest.mark.parametrize("attack", presets.ATTACKS)
@pytest.mark.parametrize("preset", presets.PRESETS)
@pytest.mark.parametrize("dataset", SAMPLES)
def test_each_preset_fits_its_data(attack: Any, preset: Any, dataset: str) -> None:
    if (dataset, preset) == ("digits", "paper"):
        pytest.skip("there are fewer digits than the paper's sizes need")
    experiment = presets.experiment(attack, preset, dataset=dataset)
    check_set_sizes(split(experiment, SAMPLES[dataset]), experiment)


@pytest.mark.parametrize("attack", presets.ATTACKS)
def test_no_preset_has_a_field_that_does_not_exist(attack: Any) -> None:
    names = {name for other in presets.ATTACKS for name in presets.flag_names(other)}
    for preset in presets.PRESETS:
        for dataset in SAMPLES:
            assert set(presets.preset_fields(attack, dataset, preset)) <= names


def test_paper_is_what_was_published() -> None:
    experiment = presets.experiment("msr", "paper", dataset="mnist")
    assert isinstance(experiment.attack, MsrConfig)
    splits = split(experiment, SAMPLES["mnist"])
    assert [
        splits.base_sizes["shadow"],
        splits.pool_size("shadow"),
        splits.pool_size("target"),
    ] == [
        10_000,
        10_000,
        30_000,
    ]
    facts = {
        "probes": (len(splits.probes), 100),
        "set": (experiment.owner.update.set_size, 100),
        "shadow updates": (experiment.counts.training_updates, 10_000),
        "target updates": (experiment.counts.target_updates, 1_000),
        "bases": (experiment.counts.training_bases, 1),
        "base epochs": (experiment.owner.training.base_epochs, 25),
        "learning rate": (experiment.owner.training.base_learning_rate, 0.001),
        "update rate": (experiment.owner.update.update_learning_rate, 0.001),
        "momentum": (experiment.owner.update.update_momentum, 0.9),
        "batch": (experiment.owner.update.update_batch, 64),
        "noise": (experiment.attack.noise_dim, 50),
        "width": (experiment.attack.generator_width, 2048),
        "steps": (experiment.attack.epochs * experiment.attack.epoch_steps, 10_000),
        "cluster_samples": (experiment.attack.cluster_samples, 20_000),
        "clustering": (experiment.attack.clustering, "kmeans"),
        "loss of a set": (experiment.attack.set_loss, "best_match"),
        "sets a step": (experiment.attack.sets_per_step, 1),
        "adam": (experiment.attack.learning_rate, 2e-4),
        "features": (experiment.attack.feature_map, "published"),
    }
    assert {name: found for name, (found, _) in facts.items()} == {
        name: published for name, (_, published) in facts.items()
    }
    lde = presets.experiment("lde", "paper", dataset="cifar10")
    assert isinstance(lde.attack, LabelConfig) and not isinstance(lde.attack, SsrConfig)
    assert (lde.attack.ensemble, lde.attack.epochs, lde.attack.weight_decay) == (10, 50, 1e-5)


def test_flags_win_over_presets() -> None:
    experiment = presets.experiment("msr", "paper", dataset="mnist", generator_width=64, seed=7)
    assert isinstance(experiment.attack, MsrConfig)
    assert (experiment.attack.generator_width, experiment.seed) == (64, 7)
    assert experiment.attack.cluster_samples == 20_000
    skew = presets.experiment("lde", label_skew=0.5)
    assert skew.owner.data.label_skew == 0.5
    assert presets.experiment("lde", label_skew=None).owner.data.label_skew is None


def test_the_adversary_has_what_the_owner_has_unless_said() -> None:
    same = presets.experiment("lde", dataset="mnist", update_learning_rate=0.5, samples=900)
    assert same.adversary.update == same.owner.update
    assert (same.owner.data.samples, same.adversary.data.samples) == (900, None)
    flags = {
        f"shadow_{name}": value
        for name, value in {
            "target": "mlp",
            "base_epochs": 3,
            "update_optimizer": "adam",
            "label_skew": 2.0,
            "set_size": 7,
            "classes": "0-4",
            "dataset": "fashion_mnist",
        }.items()
    }
    other = presets.experiment("lde", dataset="mnist", **flags)
    assert other.owner == presets.experiment("lde", dataset="mnist").owner
    assert other.adversary.model.target == "mlp"
    assert other.adversary.training.base_epochs == 3
    assert other.adversary.update.update_optimizer == "adam"
    assert (other.adversary.data.label_skew, other.adversary.update.set_size) == (2.0, 7)
    skewed = presets.experiment("lde", shadow_label_skew=None)
    assert skewed.owner.data.label_skew == 0.5 and skewed.adversary.data.label_skew is None


@pytest.mark.parametrize(
    "flags",
    [
        {},
        {"preset": "paper", "dataset": "mnist", "seed": 5},
        {"label_skew": 0.5, "dataset": "cifar10", "cluster_samples": 200},
        {"shadow_update_momentum": 0.1, "update_momentum": 0.2, "shadow_samples": 300},
        {"shadow_label_skew": None, "n_probes": 30, "target_bases": 2},
        {"base_momentum": 0.5, "shadow_update_momentum": 0.1},
        {"base_momentum": 0.5, "base_compiled": True},
    ],
    ids=str,
)
def test_flags_are_read_back_from_a_config(flags: dict[str, Any]) -> None:
    experiment = presets.experiment("msr", **flags)
    again = presets.flags_of(dataclasses.asdict(experiment))
    assert presets.experiment("msr", **again) == experiment
    assert set(again) <= {"dataset", *flags}


def test_a_compiled_models_own_rule_counts_unless_a_flag_is_in_its_place() -> None:
    def found(**flags: Any) -> list[bool]:
        one = presets.experiment("li", preset="quick", **flags)
        parties = one.owner, one.adversary
        return [x for p in parties for x in (p.training.base_compiled, p.update.compiled)]

    assert found() == [True] * 4
    assert found(base_learning_rate=0.1) == [False, True, False, True]
    assert found(shadow_base_optimizer="adam") == [True, True, False, True]
    assert found(update_momentum=0.1) == [True, False, True, False]


def test_the_name_of_a_wrong_assumption_is_the_flag_that_was_typed() -> None:
    with pytest.raises(UserError, match="--shadow_update_momentum to be at most 1"):
        presets.experiment("li", shadow_update_momentum=3.0)


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    experiment = presets.experiment("msr", runs_dir="~/runs", dataset="~/own.npz")
    assert experiment.folders.runs_dir == "/home/somebody/runs"
    assert experiment.owner.data.dataset == "/home/somebody/own.npz"


@pytest.mark.parametrize(
    ("attack", "flags", "sentence"),
    [
        ("msr", {"preset": "fast"}, "--preset to be one of quick, default, paper"),
        ("msr", {"seed": -1}, "--seed from 0"),
        ("msr", {"seed": 2**31}, "--seed from 0"),
        ("li", {"set_size": 2}, "--set_size=1 for the single-sample attack li"),
        ("ssr", {"set_size": 2}, "--set_size=1 for the single-sample attack ssr"),
        ("msr", {"n_probes": 0}, "--n_probes to be at least 1"),
        ("msr", {"set_size": 0}, "--set_size to be at least 1"),
        ("msr", {"update_momentum": 1.5}, "--update_momentum to be at most 1"),
    ],
)
def test_values_that_cannot_be(attack: Any, flags: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        presets.experiment(attack, **flags)


def test_an_unknown_field_is_our_mistake() -> None:
    with pytest.raises(TypeError, match="no config field named n_probe"):
        presets.experiment("msr", n_probe=3)


@pytest.mark.parametrize("attack", presets.ATTACKS)
def test_help_shows_every_field_with_its_values(attack: Any) -> None:
    known = describe(command(attack, lambda *_: None, "Do it."))
    flags = {flag.name: flag for flag in known.flags({})}
    assert set(flags) == {"preset", "seed", *presets.flag_names(attack)}
    assert {name for name, flag in flags.items() if flag.hidden} == {
        f"shadow_{item.name}" for cls in presets.PARTY.values() for item in dataclasses.fields(cls)
    }
    assert flags["base_epochs"].default == "10"
    assert flags["base_learning_rate"].default == "0.01"
    on_mnist = {flag.name: flag for flag in known.flags({"dataset": "mnist"})}
    assert on_mnist["base_learning_rate"].default == "0.001"
    assert on_mnist["set_size"].default == ("1" if attack in ("li", "ssr") else "100")
