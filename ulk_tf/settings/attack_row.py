"""Row of the table of attacks: what a trainer, a report and an audit need to know of an attack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ulk_tf.settings.validated import Validated

Fields = Mapping[str, Any]
Unit = Literal["update", "record"]


@dataclass(frozen=True)
class AttackPresets:
    """Preset values of an attack's fields; `preset_tables` gives the order of the layers.

    Attributes:
        plain: values in every preset.
        large: values on data sets of tens of thousands of images.
        on: values by data set, in the default and quick presets.
        quick: values in the quick preset; they override all others.
        paper: values in the paper preset: the published sizes.
        own_base: values if the owner's base model is a file.
        insider: values if the adversary's base model is a file.
    """

    plain: Fields = field(default_factory=dict)
    large: Fields = field(default_factory=dict)
    on: Mapping[str, Fields] = field(default_factory=dict)
    quick: Fields = field(default_factory=dict)
    paper: Fields = field(default_factory=dict)
    own_base: Fields = field(default_factory=dict)
    insider: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class AttackRow:
    """Row of the table: an attack.

    Attributes:
        name: short name, as in `trainers.<name>` and in paths: letters, digits and `_`.
        title: full name, for reports.
        summary: first line of its --help.
        infers: noun phrase after "The attack infers ...", for sentences.
        config: its config class.
        output: name of its main output, the key of its scores, its sentence and its picture in
            `evaluation.outputs`.
        headline: its main metric.
        train: module:function (config, corpus, seed, folder) -> `attacks.signature.Trained`.
        score: module:function (trained, corpus, seed, baselines) -> `evaluation.scores.Scores`
            on the corpus' target updates; `baselines` are rows of `evaluation.baselines_table`,
            None for all baselines with the same output.
        unit: unit of its predictions: an update, or a record.
        presets: field values by preset and data set.
        figures: metrics, and gains as `<metric>:<baseline>`, that a table of results shows; all
            metrics when empty.
        holds: samples of the adversary or an insider that its export contains beside the probing
            set, as a noun phrase; empty if there are none.
        rehearsed: sizes of its networks when they are tried before a run; those of its config
            where left out.
        seen_updates: held-out shadow updates, at most, on which an export's score is measured as
            a function of how far the posteriors moved.
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
    rehearsed: Fields = field(default_factory=dict)
    seen_updates: int = 1000
