"""One form for both versions: finer answers are made as coarse as those of the other version.

A roll-out may change how a service answers beside its classifier: top five classes instead of top
three, two decimals instead of four. What such a change moves would pass for an update.
"""

from dataclasses import dataclass, replace

import numpy as np

from ulk_tf.answers.form import Form
from ulk_tf.answers.interpret import interpret
from ulk_tf.answers.interpreted import Interpreted
from ulk_tf.answers.readings import SUM_TOLERANCE
from ulk_tf.auditing.resolution import Resolution, measure
from ulk_tf.chance import Chance
from ulk_tf.defences import parse
from ulk_tf.files import Array

# Kinds whose defence leaves answers that have their form already as they are.
KINDS = ("rounded", "digits", "float16", "top-k", "threshold", "labels")
# The least posteriors above one threshold differ by less.
THRESHOLD = 1.5
UNCHANGED = 1e-6
# The coarsest step of finer answers, as a share of the other one, that makes next to no difference.
TWICE = 1e-3

Pair = tuple[Interpreted, Interpreted]


@dataclass(frozen=True)
class Compared:
    """Answers of two versions that can be compared, as far as that is possible.

    Attributes:
        pair: the answers, in one form where they could be brought to it.
        form: their form.
        resolution: how finely they tell, and how far they moved.
        note: what was done, as a sentence; empty where nothing was.
    """

    pair: Pair
    form: Form
    resolution: Resolution
    note: str = ""


def compared(pair: Pair, raw: tuple[Array, Array]) -> Compared:
    """Bring the answers of two versions to one form, and measure how far they moved.

    Args:
        pair: the answers as they were read.
        raw: the same as they were given, [n, classes] or [repeats, n, classes].
    """
    found = Compared(pair, Form.of(pair, raw), measure(*pair))
    forms = [Form.of((one,), (own,)) for one, own in zip(pair, raw, strict=True)]
    coarser = _coarser(*forms)
    if coarser is None:
        return found
    defence = forms[coarser].defence
    finest, coarsest = sorted(one.step for one in forms)
    # Rounded twice, some posteriors end a step away from those that are rounded once.
    twice = TWICE * coarsest < finest < coarsest
    made = None if twice else _made(pair, coarser, defence)
    resolution = measure(*made) if made else None
    if (
        made is None
        or resolution is None
        or not (found.resolution.exceeded and resolution.exceeded)
    ):
        # Made coarse they hide what the finer ones may tell.
        return replace(found, resolution=replace(found.resolution, apart=True))
    return Compared(
        made,
        forms[coarser],
        resolution,
        f"One version answers {forms[1 - coarser].words}, the other one {forms[coarser].words}: "
        f"the finer answers were made as coarse first (--defence={defence}).",
    )


def _coarser(before: Form, after: Form) -> int | None:
    """Tell which of two forms is the coarser one; None where they are alike, or none is."""
    if before.kind == after.kind == "threshold" and _apart(before.least, after.least) > THRESHOLD:
        return int(after.least > before.least)
    if before.matches(after):
        return None
    if before.kind == after.kind == "top-k":
        found = int(after.kept < before.kept)
    elif before.reads(after) != after.reads(before):
        found = int(after.reads(before))
    else:
        return None
    return found if (before, after)[found].kind in KINDS else None


def _apart(one: float, other: float) -> float:
    return max(one, other) / min(one, other)


def _made(pair: Pair, coarser: int, defence: str) -> Pair | None:
    """Make both as coarse; None where that changes those that should be so already."""
    if not defence:
        return None
    chain = parse(defence)
    made = [chain(one.posteriors, Chance(0)) for one in pair]
    sums = made[coarser].sum(axis=1, keepdims=True)
    if defence.startswith("top_k") and np.abs(sums - 1).max() <= SUM_TOLERANCE:
        made = [one / one.sum(axis=1, keepdims=True) for one in made]
    first, second = (interpret(one, one.shape[1]) for one in made)
    changed = np.abs((first, second)[coarser].posteriors - pair[coarser].posteriors).max()
    return (first, second) if changed <= UNCHANGED else None
