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
from ulk_tf.evaluation.compared import key_of
from ulk_tf.evaluation.intervals import Estimate
from ulk_tf.evaluation.measures import Measure
from ulk_tf.evaluation.metrics_table import METRICS
from ulk_tf.evaluation.movement import TENTHS, mean_movement
from ulk_tf.evaluation.scores import Scores
from ulk_tf.evaluation.seen_ranges import ranges
from ulk_tf.files import Array
from ulk_tf.settings.attack_row import AttackRow
from ulk_tf.settings.attack_table import imported


def seen(row: AttackRow, trained: Trained, corpus: Corpus, seed: int) -> dict[str, Any]:
    """Measure a trained attack on held-out shadow updates.

    Args:
        row: row of the attack.
        trained: the attack.
        corpus: its validation updates are used, at most `row.seen_updates`.
        seed: seed of all chance.

    Returns:
        `confidence`, `movement` and `agreement` as `low` and `high`, between which a new classifier
        like the shadow models and 98% of its updates lie (see `fit_range`); `coherence` as those,
        of updates that move the probes by `least_movement` or more; `likeliest`, the class
        of each probe that agreement is with (see `agreement_among`); and `score_by_tenth` of
        movement: `metric`, `chance` (the best baseline that is told nothing of the update, or a
        class by lot; None where there is neither), `edges` (11 movements), `values` (10 scores;
        None where a tenth is empty), `intervals` (of 95% over the updates of each tenth; None where
        it has fewer than two) and `chances` (the best baseline's on each tenth).
    """
    held_out = as_target(corpus, row.seen_updates)
    updates = held_out.updates["target"]
    before, after = updates.pair(np.arange(len(updates)))
    moved = mean_movement(before, after)
    guesses = [one for one in baselines_of(row.output) if one.trivial]
    scores: Scores = imported(row.score)(trained, held_out, seed, guesses)
    lot = 1 / held_out.dataset.classes
    edges = np.quantile(moved, np.linspace(0, 1, TENTHS + 1))
    found = _by_tenth(row.headline, row.headline, scores, moved, edges)
    return ranges(corpus) | {
        "score_by_tenth": {
            "metric": row.headline,
            "less_is_better": METRICS[row.headline].less_is_better,
            "chance": _chance(row.headline, scores, guesses, lot),
            "edges": [float(edge) for edge in edges],
            "values": [None if one is None else one.mean for one in found],
            "intervals": [[one.low, one.high] if one and one.n > 1 else None for one in found],
            "chances": _chances(row.headline, scores, guesses, lot, moved, edges),
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


def _chance(metric: str, scores: Scores, guesses: list[BaselineRow], lot: float) -> float | None:
    """Score of the best guess on all updates."""
    names = [key_of(metric, row.name) for row in guesses]
    known = [scores.baselines[one].mean for one in names if one in scores.baselines]
    return _best(metric, known, lot)


def _chances(
    metric: str, scores: Scores, guesses: list[BaselineRow], lot: float, moved: Array, edges: Array
) -> list[float | None]:
    """Score of the best guess on each tenth: skewed sets move more, and are guessed worse."""
    names = [key_of(metric, row.name) for row in guesses]
    known = [name for name in names if name in scores.baselines]
    each = [_by_tenth(metric, name, scores, moved, edges) for name in known]
    tenths = zip(*each, strict=True) if each else [()] * TENTHS
    return [_best(metric, [one.mean for one in tenth if one], lot) for tenth in tenths]


def _best(metric: str, known: list[float], lot: float) -> float | None:
    """The best score of guesses; a class by lot is right in 1 of all, however few are asked."""
    if METRICS[metric].less_is_better:
        return min(known) if known else None
    more = [lot] if METRICS[metric].by_lot else []
    return max([*known, *more], default=None)


def _by_tenth(
    metric: str, of: str, scores: Scores, moved: Array, edges: Array
) -> list[Estimate | None]:
    """Scores of the updates of each tenth of movement, None where there are none.

    Each update counts alike: a tenth may have hardly any of one base model.

    Args:
        metric: name of the metric.
        of: name of its values, of the attack or of a baseline.
        scores: scores of all updates.
        moved: movement of each update.
        edges: edges of the tenths.
    """
    measure: Measure = imported(METRICS[metric].measure)  # type: ignore[assignment]
    tenth = np.searchsorted(edges[1:-1], moved[scores.rows], side="right")
    each = [scores.values[of][tenth == number] for number in range(TENTHS)]
    return [measure.estimate(one, np.zeros(len(one))) if len(one) else None for one in each]
