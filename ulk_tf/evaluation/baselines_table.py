"""The table of baselines: a new one is a function and a row.

An attack is compared with every baseline that answers the same output. Each row says what the
baseline is told, so that an attack that beats it shows what the update gives away.
"""

import types
from collections.abc import Mapping
from dataclasses import dataclass, field

from ulk_tf.evaluation.metrics_table import spaced

_LABELS = "ulk_tf.evaluation.label_baselines"
_SSR = "ulk_tf.evaluation.ssr_baselines"
_MSR = "ulk_tf.evaluation.set_baselines"
_SHUFFLED = "ulk_tf.evaluation.shuffled:shuffled"
_NOTHING: Mapping[str, str] = types.MappingProxyType({})


@dataclass(frozen=True)
class BaselineRow:
    """A baseline.

    Attributes:
        name: its key in results, after the metric's and a colon.
        title: for people.
        what: what it is, a few words.
        sees_update: whether it is given the posteriors of the very update that is asked about.
        knows_truth: whether it is told something of the true answer: an oracle or upper bound.
        beyond: what an attack that beats it shows beside, such as "more than their labels".
        runs_attack: whether the attack itself has to answer for it, which takes its time.
        answers: for each output that it answers, the module:function that gives all answers.
    """

    name: str
    title: str
    what: str = ""
    sees_update: bool = False
    knows_truth: bool = False
    beyond: str = ""
    runs_attack: bool = False
    answers: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    @property
    def uninformed(self) -> bool:
        """True for a baseline that is given nothing of the update: a guess of anybody's."""
        return not (self.sees_update or self.knows_truth)

    @property
    def trivial(self) -> bool:
        """True for a guess that takes no attack at all."""
        return self.uninformed and not self.runs_attack


_ROWS = (
    BaselineRow(
        "most_frequent_label",
        "Most frequent label",
        "always the commonest label of shadow data",
        answers={"label_probabilities": f"{_LABELS}:prior"},
    ),
    BaselineRow(
        "risen_class",
        "Class that rose most",
        "whose mean posterior over the probes rose most; nothing is trained",
        sees_update=True,
        answers={"label_probabilities": f"{_LABELS}:risen_class"},
    ),
    BaselineRow(
        "prior",
        "Class prior",
        "always the class shares of shadow data",
        answers={"label_distribution": f"{_LABELS}:prior"},
    ),
    BaselineRow(
        "uniform",
        "Uniform",
        "every class alike",
        answers={"label_distribution": f"{_LABELS}:uniform"},
    ),
    BaselineRow(
        "random_histogram",
        "Random histogram",
        "the paper's baseline",
        answers={"label_distribution": f"{_LABELS}:random_histogram"},
    ),
    BaselineRow(
        "autoencoder",
        "Autoencoder",
        "has seen the sample: an upper bound",
        knows_truth=True,
        answers={"sample": f"{_SSR}:autoencoder"},
    ),
    BaselineRow(
        "class_mean_of_true_label",
        "Class mean, true label",
        "knows the label, not the sample",
        knows_truth=True,
        beyond="more of it than its label",
        answers={"sample": f"{_SSR}:class_mean_of_true_label"},
    ),
    BaselineRow(
        "class_mean_of_predicted_label",
        "Class mean, inferred label",
        "chained from A_LI",
        sees_update=True,
        answers={"sample": f"{_SSR}:class_mean_of_predicted_label"},
    ),
    BaselineRow(
        "random_of_same_label",
        "Random sample, same label",
        "knows the label, not the sample",
        knows_truth=True,
        answers={"sample": f"{_SSR}:random_of_same_label"},
    ),
    BaselineRow(
        "mean_sample",
        "Mean sample",
        "knows nothing",
        answers={"sample": f"{_SSR}:mean_sample"},
    ),
    BaselineRow(
        "nearest_shadow_update",
        "Nearest shadow update",
        "the sample of the shadow update that moved the posteriors most alike",
        sees_update=True,
        answers={"sample": f"{_SSR}:nearest_shadow_update"},
    ),
    BaselineRow(
        "shadow_clustering",
        "Shadow clustering",
        "clusters of the adversary's own data",
        answers={"samples": f"{_MSR}:shadow_clustering"},
    ),
    BaselineRow(
        "matched_shadow",
        "Matched shadow clusters",
        "the attack's own clustering, of the adversary's own data",
        answers={"samples": f"{_MSR}:matched_shadow"},
    ),
    BaselineRow(
        "label_average",
        "Label average",
        "class means in the prior's shares",
        answers={"samples": f"{_MSR}:label_average"},
    ),
    BaselineRow(
        "random_samples",
        "Random samples",
        "of the adversary's own data",
        answers={"samples": f"{_MSR}:random_samples"},
    ),
    BaselineRow(
        "label_oracle",
        "Label-oracle clustering",
        "knows the true label counts",
        knows_truth=True,
        answers={"samples": f"{_MSR}:label_oracle"},
    ),
    BaselineRow(
        "matched_oracle",
        "Matched label oracle",
        "the same by the attack's own clustering: under it, more than labels leaks",
        knows_truth=True,
        beyond="more of them than their labels",
        answers={"samples": f"{_MSR}:matched_oracle"},
    ),
    BaselineRow(
        "shuffled",
        "Shuffled",
        "the same attack fed another update's posteriors",
        runs_attack=True,
        answers={
            "label_probabilities": _SHUFFLED,
            "label_distribution": _SHUFFLED,
            "sample": _SHUFFLED,
            "samples": f"{_MSR}:shuffled",
        },
    ),
)
BASELINES: dict[str, BaselineRow] = {row.name: row for row in _ROWS}


def register(row: BaselineRow) -> BaselineRow:
    """Enter a baseline.

    Raises:
        ValueError: there is another one of that name.
    """
    if BASELINES.setdefault(row.name, row) != row:
        raise ValueError(
            f"Expected a new name for a baseline. Received {row.name!r}, which is one."
        )
    return row


def baselines_of(output: str) -> list[BaselineRow]:
    """The baselines with which an attack is compared by its output."""
    return [row for row in BASELINES.values() if output in row.answers]


def baseline(name: str) -> BaselineRow:
    """A baseline's row; what is in no table is called by its own name, and told the truth.

    Of a stranger's baseline nothing can be concluded: it counts as no guess.
    """
    return BASELINES.get(name, BaselineRow(name, spaced(name), sees_update=True, knows_truth=True))


def trivial() -> frozenset[str]:
    """The names of the baselines that are guesses, and take no attack."""
    return frozenset(row.name for row in BASELINES.values() if row.trivial)


def uninformed() -> frozenset[str]:
    """The names of the baselines that are told nothing of the update."""
    return frozenset(row.name for row in BASELINES.values() if row.uninformed)
