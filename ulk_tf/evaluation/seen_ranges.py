"""Ranges of classifiers and updates that an export was made for, over its shadow base models."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from ulk_tf.corpus.build import Corpus, Updates
from ulk_tf.evaluation.agreement import agreement_among
from ulk_tf.evaluation.coherence import coherence
from ulk_tf.evaluation.movement import mean_confidence, mean_movement
from ulk_tf.files import Array

# Posteriors and movements this near to their bounds are at them.
TINY = 1e-12
# Confidences of one base model are this near, also when its answers are rounded.
SAME = 0.01
LOOKS = 100  # at one base model, of which noise shows
COHERENT = 1_000  # updates of one base model, at most, that coherence is measured on
# How far beyond all base models that were seen a range may reach: a factor of the odds. With two or
# three base models Student's interval holds anything.
MOST = 5.0


def ranges(corpus: Corpus) -> dict[str, Any]:
    """Measure the ranges that an attack was made for.

    Args:
        corpus: its shadow and held-out updates are used.

    Returns:
        `confidence`, `movement`, `coherence`, `agreement` and `likeliest`, see `seen.seen`.
    """
    # Held-out updates of an insider are of the very base model that her attack learned from; one
    # base model that is not the owner's says nothing of the owner's.
    if corpus.one_shadow:
        return _range_of_one(corpus) if corpus.insider else {}
    sure, lowest, highest, looks, means = [], [], [], [], []
    alike: list[tuple[float, float]] = []
    floor = corpus.updates["shadow"].form.floor
    for role in ("shadow", "validation"):
        updates = corpus.updates[role]
        for base in np.unique(updates.base):
            own = np.flatnonzero(updates.base == base)
            before, after = updates.pair(own)
            sure.append(float(np.mean(mean_confidence(before))))
            low, high = np.quantile(mean_movement(before, after), (0.01, 0.99))
            lowest.append(float(low))
            highest.append(float(high))
            alike.append(_coherence(updates, own, floor))
            looks.append(before[0])
            means.append(before.mean(axis=0))
    found = {
        "confidence": fit_range(sure, sure),
        "movement": fit_range(lowest, highest),
        "coherence": _from(fit_range([low for low, _ in alike], [1.0] * len(alike)), alike),
        **_agreement(corpus, np.stack(looks), np.stack(means)),
    }
    return {name: known for name, known in found.items() if known is not None}


def _coherence(updates: Updates, own: Array, floor: float) -> tuple[float, float]:
    """Measure the updates of one base model that move the probes most.

    Args:
        updates: updates of a role.
        own: positions of those of the base model.
        floor: see `coherence`.

    Returns:
        The first percentile of the coherence of those that move the probes more than half of its
        updates do, and how far these move them. Smaller movement drowns in rounding and noise.
    """
    some = np.linspace(0, len(own) - 1, min(COHERENT, len(own))).astype(int)
    before, after = updates.pair(own[np.unique(some)])
    moved = mean_movement(before, after)
    most = moved >= np.median(moved)
    found = coherence(before[most], after[most], floor)
    return float(np.quantile(found, 0.01)), float(moved[most].min())


def _from(
    found: dict[str, float] | None, alike: list[tuple[float, float]]
) -> dict[str, float] | None:
    """Add to a range of coherence from which movement on it holds."""
    return found and found | {"least_movement": max(least for _, least in alike)}


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
    alike = [_coherence(parts[0], np.arange(len(parts[0])), parts[0].form.floor)]
    return {
        "confidence": {"low": sure - SAME, "high": sure + SAME},
        "movement": {"low": float(low), "high": float(high)},
        "coherence": _from({"low": alike[0][0], "high": 1.0}, alike),
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
    # Figures that were all at a bound have their range end there, and not next to it.
    return {
        "low": 0.0 if low <= logit(2 * TINY) else float(expit(low)),
        "high": 1.0 if high >= logit(1 - 2 * TINY) else float(expit(high)),
    }
