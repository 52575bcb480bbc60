"""Scores of A_MSR on target updates: matched errors of centroids and of samples."""

from collections.abc import Sequence

import numpy as np

from ulk_tf.attacks.signature import Trained
from ulk_tf.corpus.build import Corpus
from ulk_tf.evaluation.asked import Asked
from ulk_tf.evaluation.baselines_table import BaselineRow, baselines_of
from ulk_tf.evaluation.metrics import match
from ulk_tf.evaluation.metrics_table import metrics_of
from ulk_tf.evaluation.scores import Scores
from ulk_tf.evaluation.set_baselines import AskedForSets, SetOf
from ulk_tf.files import Array
from ulk_tf.progress import track
from ulk_tf.settings.attack_table import imported

OUTPUT = "samples"


def score_msr(
    trained: Trained, corpus: Corpus, seed: int, baselines: Sequence[BaselineRow] | None = None
) -> Scores:
    """Score A_MSR: every reconstruction is matched to the true set by the Hungarian algorithm.

    Args:
        trained: the attack.
        corpus: its target updates are asked about.
        seed: seed of the attack's noise and the baselines' chance.
        baselines: to be compared with; all that there are when None.
    """
    asked = AskedForSets(trained, corpus, seed, OUTPUT)
    own = asked.own
    rows = baselines_of(OUTPUT) if baselines is None else baselines
    answers = {"attack": own} | {row.name: imported(row.answers[OUTPUT])(asked) for row in rows}
    scores = Scores.of(asked.updates)
    values = _values(asked, answers)
    for metric, by_name in values.items():
        scores.metric(metric, by_name.pop("attack"), by_name)
    # The median case: neither the best nor the worst may be the one that is shown.
    first = scores.values[next(iter(values))]
    median = int(np.argsort(first, kind="stable")[len(first) // 2])
    truth, shown = _truth(asked, median), own(median)[OUTPUT]
    k = len(truth)
    order = match(truth.reshape(k, -1), shown.reshape(k, -1))
    scores.pictures["matched"] = (truth, shown[order])
    return scores


def _truth(asked: Asked, row: int) -> Array:
    return asked.dataset.scaled(asked.updates.indices[row])


def _values(asked: Asked, answers: dict[str, SetOf]) -> dict[str, dict[str, Array]]:
    """The values of every metric, by metric and answer; one update at a time is in memory."""
    metrics = [(row, row.judges(OUTPUT), imported(row.values)) for row in metrics_of(OUTPUT)]
    found: dict[str, dict[str, list[float]]] = {row.name: {} for row, _, _ in metrics}
    count = len(asked.updates)
    for number in track(range(count), count, "scoring", "update"):
        truth = _truth(asked, number)[None]
        for name, answer in answers.items():
            sets = answer(number)
            for row, kind, values in metrics:
                if kind in sets:
                    value = values(truth, sets[kind].reshape(truth.shape))
                    found[row.name].setdefault(name, []).append(float(value[0]))
    return {
        metric: {name: np.array(values) for name, values in by_name.items()}
        for metric, by_name in found.items()
    }
