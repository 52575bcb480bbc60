"""Updates that an export was made for: how far they move posteriors, and how well it does there.

It is measured on held-out shadow updates, which the adversary has; an audit holds an update of
the target against it.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from ulk_tf.attacks.adversary import adversary_data
from ulk_tf.attacks.signature import Trained
from ulk_tf.corpus.build import Corpus
from ulk_tf.evaluation.agreement import agreement_among
from ulk_tf.evaluation.baselines_table import BaselineRow, baselines_of
from ulk_tf.evaluation.measures import Measure
from ulk_tf.evaluation.metrics_table import METRICS
from ulk_tf.evaluation.movement import mean_confidence, mean_movement
from ulk_tf.evaluation.scores import Scores
from ulk_tf.files import Array
from ulk_tf.settings.attack_row import AttackRow
from ulk_tf.settings.attack_table import imported

TENTHS = 10
# Posteriors and movements this near to their bounds are at them.
TINY = 1e-12
# Confidences of one base model are this near, also when its answers are rounded.
SAME = 0.01
LOOKS = 100  # at one base model, of which noise shows
# How far beyond all base models that were seen a range may reach: a factor of the odds. With two or
# three base models Student's interval holds anything.
MOST = 5.0


def seen(row: AttackRow, trained: Trained, corpus: Corpus, seed: int) -> dict[str, Any]:
    """Measure a trained attack on held-out shadow updates.

    Args:
        row: row of the attack.
        trained: the attack.
        corpus: its validation updates are used, at most `row.seen_updates`.
        seed: seed of all chance.

    Returns:
        `confidence`, `movement` and `agreement` as `low` and `high`, between which a new classifier
        like the shadow models and 98% of its updates lie (see `fit_range`); `likeliest`, the class
        of each probe that agreement is with (see `agreement_among`); and `score_by_tenth` of
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
    return _ranges(corpus) | {
        "score_by_tenth": {
            "metric": row.headline,
            "less_is_better": METRICS[row.headline].less_is_better,
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


def _ranges(corpus: Corpus) -> dict[str, Any]:
    """The ranges of confidence, movement and agreement that the attack was made for."""
    # Held-out updates of an insider are of the very base model that her attack learned from; one
    # base model that is not the owner's says nothing of the owner's.
    if corpus.one_shadow:
        return _range_of_one(corpus) if corpus.insider else {}
    sure, lowest, highest, looks, means = [], [], [], [], []
    for role in ("shadow", "validation"):
        updates = corpus.updates[role]
        for base in np.unique(updates.base):
            before, after = updates.pair(np.flatnonzero(updates.base == base))
            sure.append(float(np.mean(mean_confidence(before))))
            low, high = np.quantile(mean_movement(before, after), (0.01, 0.99))
            lowest.append(float(low))
            highest.append(float(high))
            looks.append(before[0])
            means.append(before.mean(axis=0))
    found = {
        "confidence": fit_range(sure, sure),
        "movement": fit_range(lowest, highest),
        **_agreement(corpus, np.stack(looks), np.stack(means)),
    }
    return {name: known for name, known in found.items() if known is not None}


def _agreement(corpus: Corpus, looks: Array, means: Array) -> dict[str, Any]:
    """The likeliest classes by the shadow models, and how far a classifier like them agrees."""
    own, hers = corpus.dataset, corpus.shadow_dataset
    if own.name != hers.name or not {*np.unique(own.labels)} <= {*np.unique(hers.labels)}:
        return {}  # models of other images or of some classes do not know the target's
    likeliest, shares = agreement_among(looks, means)
    low = expit(logit(min(shares)) - np.log(MOST))
    return {"likeliest": likeliest, "agreement": {"low": float(low), "high": 1.0}}


def _range_of_one(corpus: Corpus) -> dict[str, Any]:
    """Ranges of an insider: the confidence of her one base model, and 98% of its updates."""
    parts = [corpus.updates[role] for role in ("shadow", "validation")]
    looks = parts[0].pair(np.arange(min(LOOKS, len(parts[0]))))[0]
    sure = float(np.mean(mean_confidence(looks)))
    moved = [mean_movement(*part.pair(np.arange(len(part)))) for part in parts]
    low, high = np.quantile(np.concatenate(moved), (0.01, 0.99))
    return {
        "confidence": {"low": sure - SAME, "high": sure + SAME},
        "movement": {"low": float(low), "high": float(high)},
        **_agreement(corpus, looks[:1], looks.mean(axis=0, keepdims=True)),
    }


def fit_range(lowest: Sequence[float], highest: Sequence[float]) -> dict[str, float] | None:
    """The range in which a figure of one more base model lies, in 99% of cases at either end.

    Base models differ, and few were seen: it is the prediction interval of Student's t, on the
    scale of logarithmic odds, where a figure from 0 to 1 has no bounds; it reaches at most a factor
    of `MOST` beyond what was seen.

    Args:
        lowest: a low figure of each base model, such as the first percentile over its updates, 0
            to 1.
        highest: the same at the other end.

    Returns:
        `low` and `high`; None of a single base model, which says nothing of others.
    """
    count = len(lowest)
    if count < 2:
        return None
    wide = float(stats.t.ppf(0.99, count - 1)) * (1 + 1 / count) ** 0.5
    below, above = (logit(np.clip(np.array(one), TINY, 1 - TINY)) for one in (lowest, highest))
    low = max(below.mean() - wide * below.std(ddof=1), below.min() - np.log(MOST))
    high = min(above.mean() + wide * above.std(ddof=1), above.max() + np.log(MOST))
    # What was at a bound is there again, and not next to it.
    return {
        "low": 0.0 if low <= logit(2 * TINY) else float(expit(low)),
        "high": 1.0 if high >= logit(1 - 2 * TINY) else float(expit(high)),
    }


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
