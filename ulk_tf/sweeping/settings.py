"""Settings that sweeps go through: defences of the owner, other adversaries, other updates."""

from collections.abc import Mapping
from typing import Any

from ulk_tf.settings.attack_table import ATTACKS
from ulk_tf.settings.preset_tables import INSIDER, SINGLE
from ulk_tf.sweeping.setting import Flags, Setting

_SMALL = tuple(name for name in ATTACKS if name != "msr")


def _answers(*defences: str, attacks: tuple[str, ...] = _SMALL) -> list[Setting]:
    return [Setting(one, {"defence": one}, attacks) for one in defences]


def _noisy_updates(*multipliers: float, attacks: tuple[str, ...] = _SMALL) -> list[Setting]:
    return [
        Setting(f"dp_noise:{one:g}", {"dp_noise_multiplier": one}, attacks, "DP-SGD")
        for one in multipliers
    ]


def _dropping(*rates: float) -> list[Setting]:
    return [
        Setting(f"dropout:{one:g}", {"target_dropout": one}, ("li", "lde"), "in the classifier")
        for one in rates
    ]


def _gentler(name: str, *attacks: str, **factors: float) -> list[Setting]:
    return [Setting(name, {}, attacks, "of the update", factors=factors)]


# Sizes of a sweep by attack: fewer shadow bases and passes than a trainer's, so that many settings
# can be measured; sets are skewed, which leak more than even ones.
_SIZES: Flags = {
    "training_bases": 8,
    "training_updates": 4_000,
    "validation_bases": 1,
    "validation_updates": 1_000,
    "target_bases": 3,
    "target_updates": 500,
}
_OF_SETS: Flags = {"training_updates": 1_000, "label_skew": 0.5}
SIZES: Mapping[str, Flags] = {
    "li": {**_SIZES, "epochs": 4, "ensemble": 1},
    "ssr": {**_SIZES, "epochs": 4, "ensemble": 1},
    "lde": {**_SIZES, **_OF_SETS, "epochs": 4, "ensemble": 1},
    "msr": {**_SIZES, **_OF_SETS, "target_updates": 100},
}
IN_WORDS = "8 shadow bases of 4,000 updates, or 1,000 skewed sets; 4 epochs; 3 target bases of 500"

# A_MSR takes minutes for each, and is measured for one of each kind.
DEFENCES: tuple[Setting, ...] = (
    *_answers("temperature:2", "temperature:4", "top_k:5"),
    *_answers("top_k:3", attacks=()),
    *_answers("top_k:1", "round:6"),
    *_answers("round:4", attacks=()),
    *_answers("round:3", "round:2", "noise:0.0001"),
    *_answers("noise:0.001", attacks=()),
    *_answers("noise:0.01", "sticky_noise:0.01", "label"),
    *_noisy_updates(0.3),
    *_noisy_updates(1.0, attacks=()),
    *_noisy_updates(3.0),
    *_dropping(0.0, 0.75),
    *_gentler("a third of the rate", "li", "lde", update_learning_rate=1 / 3),
    *_gentler("twice the batch", "lde", update_batch=2),
    *_gentler("three times the samples", "lde", set_size=3),
)

# Image collections of the same shape and number of classes, by data set.
OF_SAME_SHAPE: Mapping[str, str] = {
    "mnist": "fashion_mnist",
    "fashion_mnist": "mnist",
    "kmnist": "mnist",
    "cifar10": "svhn_cropped",
    "svhn_cropped": "cifar10",
}


def _of_same_shape(flag: str) -> dict[str, Flags]:
    return {name: {flag: other} for name, other in OF_SAME_SHAPE.items()}


def _stolen(*queries: int) -> list[Setting]:
    return [
        Setting(
            f"{count} queries",
            {"extraction_queries": count},
            note="shadow models trained on each target's answers",
        )
        for count in queries
    ]


# Each differs from the sweep's own adversary in one assumption.
ADVERSARIES: tuple[Setting, ...] = (
    Setting("architecture", {"shadow_target": "mlp"}, note="shadow models are dense networks"),
    Setting("base epochs", {"shadow_base_epochs": 5}, note="shadow models trained for 5 epochs"),
    Setting("rate", {"shadow_update_learning_rate": 0.003}, note="another learning rate"),
    Setting("epochs", {"shadow_update_epochs": 3}, note="updates of 3 epochs"),
    Setting("optimizer", {"shadow_update_optimizer": "adam"}, note="updates by Adam"),
    Setting("no dropout", {"shadow_target_dropout": 0.0}, note="in shadow models"),
    Setting("half the classes", {"shadow_classes": "0-4"}, note="samples of 5 classes only"),
    Setting(
        "a tenth of the samples",
        note="for shadow models and their updates",
        shares={"shadow_samples": 0.1, "shadow_base_size": 0.05, "validation_samples": 0.02},
    ),
    Setting(
        "other data",
        note="shadow models of other images with as many classes",
        on=_of_same_shape("shadow_dataset"),
    ),
    Setting("label skew", {"shadow_label_skew": 5.0}, ("lde", "msr"), "nearly even sets"),
    Setting("no label skew", {"shadow_label_skew": None}, ("lde", "msr"), "sets drawn at random"),
    Setting("prior", {"shadow_label_prior": 1.0}, ("li", "lde"), "sets of another class prior"),
    Setting("set size", {"shadow_set_size": 10}, ("lde",), "trained on sets of ten"),
    Setting(
        "mixed set sizes",
        {"shadow_set_sizes": "10,50,100"},
        ("lde",),
        "trained on sets of 10, 50 and 100",
    ),
    Setting("2 shadow models", {"training_bases": 2}, note="a quarter of the shadow models"),
    Setting("noise as probes", {"probes": "noise"}),
    Setting("other data as probes", on=_of_same_shape("probes")),
    Setting("noisy probes", {"probe_noise": 0.1}, note="noise of a tenth of their range"),
    Setting("shifted probes", {"probe_shift": 1}, note="by up to a pixel"),
    Setting(
        "4 noisy copies",
        {"probe_noise": 0.05, "probe_copies": 4},
        note="of a quarter of the probes, instead of all",
    ),
    Setting("10 probes", {"n_probes": 10}),
    Setting("30 probes", {"n_probes": 30}),
    Setting("1000 probes", {"n_probes": 1000}),
    # After those, whose corpus of shadow updates has the candidates.
    Setting(
        "10 chosen probes",
        {"n_probes": 10, "probes": "chosen"},
        note="that tell most of her own updates",
    ),
    Setting("chosen probes", {"probes": "chosen"}, note="that tell most of her own updates"),
    *_stolen(1000, 36_000),
    Setting(
        "half her samples as queries",
        note="shadow models trained on each target's answers",
        shares={"extraction_queries": 0.5},
    ),
    Setting(
        "insider",
        {name: INSIDER[name] for name in ("training_bases", "training_updates")},
        note="she has the very base model",
        follows={"shadow_base_model": "base_model"},
    ),
)

# Each differs from the sweep's own update, and the adversary knows it. Retraining and exact
# unlearning train a classifier for each update; a sweep leaves them out where that takes days.
UPDATES: tuple[Setting, ...] = (
    Setting("63 old samples", {"old_samples": 63}, note="mixed into each updating set"),
    Setting("5 epochs", {"update_epochs": 5}),
    Setting("last layer", {"trained_layers": 1}, note="all others frozen"),
    Setting("Adam", {"update_optimizer": "adam"}),
    Setting("a new class", {"new_classes": "9"}, note="that base models have never seen"),
    Setting("2 updates", {"updates_between": 2}, note="between the looks; the last is inferred"),
    Setting("4 updates", {"updates_between": 4}, note="between the looks; the last is inferred"),
    Setting(
        "unlearning by ascent",
        {"update_method": "unlearning_by_ascent"},
        note="what was removed is inferred",
    ),
    Setting(
        "unlearning by fine-tuning",
        {"update_method": "unlearning_by_fine_tuning", "old_samples": 64},
        note="on 64 other old samples",
    ),
    Setting("retraining", {"update_method": "retraining"}, note="on old and new samples"),
    Setting(
        "exact unlearning",
        {"update_method": "unlearning_by_retraining"},
        note="retrained without what is removed",
    ),
)

# By the name of their sweep, which is also that of its trainer.
SETTINGS: Mapping[str, tuple[Setting, ...]] = {
    "defences": DEFENCES,
    "adversaries": ADVERSARIES,
    "updates": UPDATES,
}


def sizes_for(attack: str, given: Flags) -> dict[str, Any]:
    """Return the sizes of --preset=sweep, except counts of base models where one is a file.

    Args:
        attack: a name of the table of attacks.
        given: flags of the command line, by name.
    """
    single = {count for name in SINGLE if given.get(name) for count in SINGLE[name]}
    return {name: size for name, size in SIZES.get(attack, {}).items() if name not in single}
