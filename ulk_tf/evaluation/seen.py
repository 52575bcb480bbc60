"""Updates that an export was made for: how far they move posteriors, and how well it does there.

It is measured on held-out shadow updates, which the adversary has; an audit holds an update of
the target against it.
"""

import dataclasses
from typing import Any

import numpy as np

from ulk_tf.attacks.adversary import adversary_data
from ulk_tf.attacks.signature import Trained
from ulk_tf.corpus.build import Corpus
from ulk_tf.evaluation.baselines_table import BaselineRow, baselines_of
from ulk_tf.evaluation.measures import Measure
from ulk_tf.evaluation.metrics_table import METRICS
from ulk_tf.evaluation.movement import mean_confidence, mean_movement
from ulk_tf.evaluation.scores import Scores
from ulk_tf.files import Array
from ulk_tf.settings.attack_table import AttackRow, imported

TENTHS = 10


def seen(row: AttackRow, trained: Trained, corpus: Corpus, seed: int) -> dict[str, Any]:
    """Measure a trained attack on held-out shadow updates.

    Args:
        row: of the attack.
        trained: the attack.
        corpus: its validation updates are used, at most `row.seen_updates`.
        seed: of all chance.

    Returns:
        `confidence` and `movement` as percentiles `p1` and `p99`, and `score_by_tenth` of
        movement: `metric`, `chance` (the best baseline that is told nothing of the update; None
        where there is none), `edges` (11 movements) and `values` (10 scores; None where a tenth
        is empty).
    """
    held_out = as_target(corpus, row.seen_updates)
    updates = held_out.updates["target"]
    before, after = updates.pair(np.arange(len(updates)))
    moved = mean_movement(before, after)
    guesses = [one for one in baselines_of(row.output) if one.trivial]
    scores: Scores = imported(row.score)(trained, held_out, seed, guesses)
    edges = np.quantile(moved, np.linspace(0, 1, TENTHS + 1))
    return {
        "confidence": _percentiles(mean_confidence(before)),
        "movement": _percentiles(moved),
        "score_by_tenth": {
            "metric": row.headline,
            "chance": _chance(row.headline, scores, guesses),
            "edges": [float(edge) for edge in edges],
            "values": _by_tenth(row.headline, scores, moved, edges),
        },
    }


def as_target(corpus: Corpus, most: int) -> Corpus:
    """The corpus with held-out shadow updates in the place of target ones.

    Args:
        corpus: any.
        most: updates, evenly from all held-out bases.
    """
    updates = corpus.updates["validation"]
    rows = np.unique(np.linspace(0, len(updates) - 1, min(most, len(updates))).astype(int))
    return dataclasses.replace(
        corpus,
        dataset=adversary_data(corpus),
        updates={**corpus.updates, "target": updates.take(rows)},
    )


def _percentiles(values: Array) -> dict[str, float]:
    low, high = np.quantile(values, (0.01, 0.99))
    return {"p1": float(low), "p99": float(high)}


def _chance(metric: str, scores: Scores, guesses: list[BaselineRow]) -> float | None:
    names = [f"{metric}:{row.name}" for row in guesses]
    known = [scores.baselines[name].mean for name in names if name in scores.baselines]
    best = min if METRICS[metric].less_is_better else max
    return best(known) if known else None


def _by_tenth(metric: str, scores: Scores, moved: Array, edges: Array) -> list[float | None]:
    measure: Measure = imported(METRICS[metric].measure)  # type: ignore[assignment]
    tenth = np.searchsorted(edges[1:-1], moved[scores.rows], side="right")
    found: list[float | None] = []
    for number in range(TENTHS):
        own = tenth == number
        values, groups = scores.values[metric][own], scores.groups[own]
        found.append(measure.estimate(values, groups).mean if own.any() else None)
    return found
