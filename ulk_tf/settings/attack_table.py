"""The table of attacks: everything that tells one from another, one row each.

A new attack is a file that trains it, a file that scores it, a config, and a row that is entered
with `register`. Functions stand here as "module:function", so that a misspelt flag is answered
before TensorFlow is imported.
"""

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ulk_tf.errors import UserError
from ulk_tf.settings.attack_configs import LabelConfig, MsrConfig, SsrConfig
from ulk_tf.settings.flag_types import nearest
from ulk_tf.settings.validated import Validated

Fields = Mapping[str, Any]
Unit = Literal["update", "record"]


@dataclass(frozen=True)
class AttackPresets:
    """Field values of an attack, by preset and data set; see `preset_tables`.

    Attributes:
        plain: in every preset.
        large: on data sets of tens of thousands of images.
        on: by data set.
        quick: over those, in the quick preset.
        paper: in the paper preset, instead of `on`: the published sizes.
    """

    plain: Fields = field(default_factory=dict)
    large: Fields = field(default_factory=dict)
    on: Mapping[str, Fields] = field(default_factory=dict)
    quick: Fields = field(default_factory=dict)
    paper: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class AttackRow:
    """An attack.

    Attributes:
        name: short, as in `trainers.<name>` and in paths: letters, digits and `_`.
        title: for people.
        summary: first line of its --help.
        infers: what it infers, to follow "infers" in a sentence.
        config: its config class.
        output: the name of its answer, by which scores, sentence and picture are found; see
            `evaluation.outputs`.
        headline: its first metric.
        train: module:function (config, corpus, seed, folder) -> `attacks.signature.Trained`.
        score: module:function (trained, corpus, seed, baselines) -> `evaluation.scores.Scores`,
            of the corpus' target updates; `baselines` are rows of `evaluation.baselines_table`,
            None for all that answer the same output.
        unit: what one question is about: an update, or a record.
        presets: field values by preset and data set.
        figures: metrics, and gains as `<metric>:<baseline>`, that a table of results shows; all
            metrics when empty.
        holds: what an export of it holds of the adversary's or an insider's samples, beside the
            probing set; a noun phrase, empty where nothing.
        seen_updates: held-out shadow updates, at most, by which an export says how well the
            attack does where posteriors moved so much.
    """

    name: str
    title: str
    summary: str
    infers: str
    config: type[Validated]
    output: str
    headline: str
    train: str
    score: str
    unit: Unit = "update"
    presets: AttackPresets = field(default_factory=AttackPresets)
    figures: tuple[str, ...] = ()
    holds: str = ""
    seen_updates: int = 1000


_PUBLISHED_ADAM: Fields = {"learning_rate": 1e-3, "weight_decay": 1e-5}
_PUBLISHED_SINGLE: Fields = {
    "hidden": 128,
    "dropout": 0.2,
    "epochs": 50,
    "ensemble": 1,
    **_PUBLISHED_ADAM,
}
# Digits are too few for sets of 100, and an update with few samples of few classes, as real
# ones have, shows a newcomer what leaks.
_FEW_DIGITS: Fields = {"set_size": 10, "label_skew": 0.5}
# An attack overfits its shadow bases after a few of the passes that small data needs.
_ON_LARGE: Fields = {"epochs": 8, "ensemble": 2}
# Confident classifiers give away little: with more dropout half of what a set leaks is missed.
_CONFIDENT: Fields = {"dropout": 0.2}

_ROWS = (
    AttackRow(
        name="li",
        title="Label inference (A_LI)",
        summary="Infer the label of the single sample that a classifier was updated with.",
        infers="the label of the one sample on which the target was updated",
        config=LabelConfig,
        output="label_probabilities",
        headline="accuracy",
        train="ulk_tf.attacks.labels:train_li",
        score="ulk_tf.evaluation.label_scores:score_li",
        presets=AttackPresets(
            plain={"set_size": 1},
            large=_ON_LARGE,
            on={"mnist": _CONFIDENT},
            paper=_PUBLISHED_SINGLE,
        ),
    ),
    AttackRow(
        name="ssr",
        title="Single-sample reconstruction (A_SSR)",
        summary="Reconstruct the single sample that a classifier was updated with.",
        infers="the one sample on which the target was updated",
        config=SsrConfig,
        output="sample",
        headline="mse",
        train="ulk_tf.attacks.ssr:train_ssr",
        score="ulk_tf.evaluation.ssr_scores:score_ssr",
        figures=("mse", "mse:class_mean_of_true_label", "mse:shuffled"),
        presets=AttackPresets(
            plain={"set_size": 1},
            large=_ON_LARGE,
            # On held-out shadow bases, `by_class` is 12% worse here.
            on={"cifar10": {"feature_map": "normalised"}},
            paper=_PUBLISHED_SINGLE,
        ),
    ),
    AttackRow(
        name="lde",
        title="Label distribution estimation (A_LDE)",
        summary="Estimate the label distribution of a whole updating set.",
        infers="how the labels of the updating set are distributed",
        config=LabelConfig,
        output="label_distribution",
        headline="kl",
        train="ulk_tf.attacks.labels:train_lde",
        score="ulk_tf.evaluation.label_scores:score_lde",
        figures=("kl", "kl_published_scale", "most_frequent_accuracy", "kl:prior"),
        presets=AttackPresets(
            plain={"set_size": 100},
            large=_ON_LARGE,
            on={"digits": _FEW_DIGITS, "mnist": _CONFIDENT},
            paper={
                "hidden": 256,
                "dropout": 0.5,
                "epochs": 50,
                "ensemble": 10,
                **_PUBLISHED_ADAM,
            },
        ),
    ),
    AttackRow(
        name="msr",
        title="Multi-sample reconstruction (A_MSR)",
        summary="Reconstruct all samples of an updating set from two versions of a classifier.",
        infers="the samples of the updating set",
        config=MsrConfig,
        output="samples",
        headline="matched_mse_centroids",
        train="ulk_tf.attacks.msr:train_msr",
        score="ulk_tf.evaluation.msr_scores:score_msr",
        figures=(
            "matched_mse_centroids",
            "matched_mse_centroids:shadow_clustering",
            "matched_mse_centroids:matched_shadow",
            "matched_mse_centroids:shuffled",
            "matched_mse_samples",
            "matched_mse_samples:shadow_clustering",
        ),
        holds="codes of up to 1,000 of the adversary's samples of each class, from which its "
        "decoder makes blurred copies of them",
        # A set of 100 images takes a quarter of a second.
        seen_updates=100,
        presets=AttackPresets(
            plain={"set_size": 100},
            # BM-GAN begins as a good generator: after 700 steps, held-out sets are matched no
            # better.
            large={"epochs": 3, "epoch_steps": 1000, "label_epochs": 8, "target_updates": 100},
            on={
                "digits": _FEW_DIGITS,
                # 120 sets of 100 to match centroids with: from 40, chance costs two points. With
                # sets of ten, a generator trained for long makes mixtures of digits.
                "mnist": {
                    "label_dropout": 0.2,
                    "cluster_samples": 12_000,
                    "epochs": 1,
                    "epoch_steps": 100,
                },
                # Its convolutions take ten times as long as MNIST's dense layers.
                "cifar10": {"epoch_steps": 400},
            },
            paper={
                "hidden": 256,
                "dropout": 0.5,
                "transfer": False,
                "labels": False,
                "generator_width": 2048,
                "samples_per_set": 100,
                "adversarial_weight": 1.0,
                "learning_rate": 2e-4,
                "sets_per_step": 1,
                # One pass over 10,000 sets; its state is written down ten times.
                "epochs": 10,
                "epoch_steps": 1000,
                "patience": 10,
                "set_loss": "best_match",
                "clustering": "kmeans",
                "cluster_samples": 20_000,
            },
        ),
    ),
)
ATTACKS: dict[str, AttackRow] = {row.name: row for row in _ROWS}


def register(row: AttackRow) -> AttackRow:
    """Enter an attack: from then on trainers, reports, exports and audits know it.

    Args:
        row: of a new name.

    Raises:
        ValueError: there is another attack of that name.
    """
    if ATTACKS.setdefault(row.name, row) != row:
        raise ValueError(f"Expected a new name for an attack. Received {row.name!r}, which is one.")
    return row


def attack_row(name: str) -> AttackRow:
    """The row of an attack.

    Raises:
        UserError: there is none of that name.
    """
    if name not in ATTACKS:
        raise UserError(f"an attack of {listed(ATTACKS)}", repr(name), nearest(name, [*ATTACKS]))
    return ATTACKS[name]


def row_of_output(names: Iterable[str]) -> AttackRow | None:
    """The attack that answers one of these outputs; None where there is none."""
    found = set(names)
    return next((row for row in ATTACKS.values() if row.output in found), None)


def imported(path: str) -> Callable[..., Any]:
    """The function that "module:function" names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def listed(names: Iterable[str]) -> str:
    """Names for a sentence."""
    return ", ".join(names)
