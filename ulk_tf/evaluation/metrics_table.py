"""The table of metrics: a new one is a function and a row.

Functions stand here as "module:function", so that the words of a report need no TensorFlow.
"""

from collections.abc import Mapping
from dataclasses import dataclass

SCALE = "On values in [0, 1]; 0 is the sample itself."
_METRICS = "ulk_tf.evaluation.metrics"
_MEASURES = "ulk_tf.evaluation.measures"


@dataclass(frozen=True)
class MetricRow:
    """A metric.

    Attributes:
        name: its key in results.
        title: for people.
        good: what a good value is, one sentence; may be empty.
        less_is_better: whether the attack gains by a smaller value.
        values: module:function (truth, answers) -> one row of values for each question.
        measure: module:name of the `measures.Measure` that estimates from all values.
        of: outputs of attacks that it judges, each with the name of the answer that is judged
            where an attack gives several.
        images: only of images that a window of SSIM fits into.
        by_lot: whether naming a class by lot scores 1 / classes.
    """

    name: str
    title: str
    good: str = ""
    less_is_better: bool = False
    values: str = ""
    measure: str = f"{_MEASURES}:MEANS"
    of: Mapping[str, str] | tuple[str, ...] = ()
    images: bool = False
    by_lot: bool = False

    def judges(self, output: str) -> str | None:
        """The name of the answer of an attack that is judged; None where it judges none."""
        if isinstance(self.of, Mapping):
            return self.of.get(output)
        return output if output in self.of else None


_ROWS = (
    MetricRow(
        "accuracy",
        "Accuracy",
        "1 means that every label was inferred; always answering the most frequent label is the "
        "floor.",
        values=f"{_METRICS}:hits",
        of=("label_probabilities",),
        by_lot=True,
    ),
    MetricRow(
        "top3_accuracy",
        "Top-3 accuracy",
        "1 means that the label was always among the three likeliest.",
        values=f"{_METRICS}:top3_hits",
        of=("label_probabilities",),
    ),
    MetricRow(
        "kl",
        "KL divergence",
        "0 is the true distribution. Only what is under always answering the class prior leaks "
        "anything.",
        less_is_better=True,
        values=f"{_METRICS}:kl_divergence",
        of=("label_distribution",),
    ),
    MetricRow(
        "kl_published_scale",
        "KL divergence, published scale",
        "The same, divided by the number of classes as in the paper's code.",
        less_is_better=True,
        values=f"{_METRICS}:kl_published_scale",
        of=("label_distribution",),
    ),
    MetricRow(
        "most_frequent_accuracy",
        "Most frequent label, accuracy",
        "1 means that the commonest label of every updating set was named.",
        values=f"{_METRICS}:most_frequent_hits",
        of=("label_distribution",),
    ),
    MetricRow(
        "mse",
        "Mean squared error",
        f"{SCALE} An attack knows more than the label only if it comes under the class mean of "
        "the true label.",
        less_is_better=True,
        values=f"{_METRICS}:mse",
        of=("sample",),
    ),
    MetricRow(
        "ssim",
        "Structural similarity (SSIM)",
        "1 is the sample itself, 0 is nothing in common.",
        values=f"{_METRICS}:ssim",
        of=("sample",),
        images=True,
    ),
    MetricRow(
        "matched_mse_centroids",
        "Matched MSE, centroids",
        f"{SCALE} Every true sample against the cluster centre matched to it. Under matched "
        "shadow clusters the update leaks; under the matched label oracle, more than labels.",
        less_is_better=True,
        values=f"{_METRICS}:matched_mses",
        of={"samples": "centroids"},
    ),
    MetricRow(
        "matched_mse_samples",
        "Matched MSE, samples",
        f"{SCALE} The same for single samples, which are farther from everything than centres.",
        less_is_better=True,
        values=f"{_METRICS}:matched_mses",
        of={"samples": "samples"},
    ),
    MetricRow(
        "auc",
        "AUC",
        "1 means that every member scores above every other record, 0.5 is chance.",
        values=f"{_MEASURES}:scored",
        measure=f"{_MEASURES}:AUC",
    ),
    MetricRow(
        "tpr_at_1_fpr",
        "True positives at 1% false positives",
        "1 means that all members are found with one false alarm in a hundred; chance is 0.01.",
        values=f"{_MEASURES}:scored",
        measure=f"{_MEASURES}:TPR",
    ),
)
METRICS: dict[str, MetricRow] = {row.name: row for row in _ROWS}


def register(row: MetricRow) -> MetricRow:
    """Enter a metric.

    Raises:
        ValueError: there is another one of that name.
    """
    if METRICS.setdefault(row.name, row) != row:
        raise ValueError(f"Expected a new name for a metric. Received {row.name!r}, which is one.")
    return row


def metrics_of(output: str) -> list[MetricRow]:
    """The metrics that judge an attack by its output."""
    return [row for row in METRICS.values() if row.judges(output) is not None]


def metric(name: str) -> MetricRow:
    """A metric's row; what is in no table is called by its own name."""
    return METRICS.get(name, MetricRow(name, spaced(name)))


def spaced(name: str) -> str:
    """A key as words: `some_name` -> Some name."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
