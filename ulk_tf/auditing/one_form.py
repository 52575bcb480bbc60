"""One form of both versions: whether what moved may be that the service answers otherwise.

A roll-out may change how a service answers beside its classifier: top five classes instead of top
three, another threshold. What such a change moves would pass for an update.
"""

from dataclasses import replace

import numpy as np
from scipy.special import softmax

from ulk_tf.answers.form import Form
from ulk_tf.answers.interpreted import Interpreted
from ulk_tf.answers.readings import SUM_TOLERANCE
from ulk_tf.auditing.resolution import Resolution, measure
from ulk_tf.files import Array

# Kinds that leave something out. How far other kinds lie from exact answers is told by their step
# and noise, which a resolution has.
HIDING = {"labels", "top-k", "threshold", "censored"}
# So many posteriors between the least ones of two versions do not miss in one of them by chance,
# nor so many samples of which more classes are told.
BETWEEN = 8
# Scaling moves the least posteriors of one service by less.
FACTOR = 1.5


def compared(before: Interpreted, after: Interpreted, raw: tuple[Array, Array]) -> Resolution:
    """Measure how far two versions moved, if their forms can be compared.

    Args:
        before: the answers of the version before the update.
        after: those of the version after it.
        raw: both as they were given, [n, classes] or [repeats, n, classes].

    Returns:
        Their resolution; `apart` where one version leaves out what the other one tells.
    """
    forms = [Form.of((one,), (own,)) for one, own in zip((before, after), raw, strict=True)]
    told = [_told(own) for own in raw]
    return replace(measure(before, after), apart=not _alike(forms, told))


def _told(raw: Array) -> Array:
    """Answers with 0 for what is left out, which is the least number of a row of logits."""
    if raw.min() >= 0:
        return raw
    if raw.shape[-1] == 1:  # one logit leaves out nothing
        return softmax(np.concatenate([np.zeros_like(raw), raw], axis=-1), axis=-1)
    return np.where(raw > raw.min(axis=-1, keepdims=True), softmax(raw, axis=-1), 0.0)


def _alike(forms: list[Form], told: list[Array]) -> bool:
    first, second = forms
    kinds = {first.kind, second.kind}
    if kinds & HIDING:
        # Whether a threshold looks like top-k is chance where the service is sure of most samples.
        family = len(kinds) == 1 or kinds == {"threshold", "top-k"}
        wholes = len({_is_whole(one) for one in told}) == 1
        return family and wholes and _have_one_least(told) and _tell_as_many(told)
    # Rounding leaves as many as lie above a step, and the top few that are rounded look like that.
    rounded = min(first.step, second.step) > 0 and first.matches(second)
    return not rounded or _tell_as_many(told)


def _is_whole(told: Array) -> bool:
    """Tell whether all rows have one sum, so that they were scaled after classes were left out."""
    sums = told.sum(axis=-1)
    return bool(np.ptp(sums) <= 2 * SUM_TOLERANCE * sums.max())


def _have_one_least(told: list[Array]) -> bool:
    """Tell whether both may leave out, or raise, what lies below one number."""
    first, second = sorted((one[one > 0] / one.max() for one in told), key=np.min)
    high = second.min()
    return bool(high <= FACTOR * first.min() or (first < high).sum() < BETWEEN)


def _tell_as_many(told: list[Array]) -> bool:
    """Tell whether neither tells more classes of many samples than the other one of any."""
    first, second = ((one > 0).sum(axis=-1) for one in told)
    more = max((first > second.max()).sum(), (second > first.max()).sum())
    return bool(more < BETWEEN)
