"""Defended posteriors: the posteriors of a corpus as clients would receive them.

Shards hold undefended posteriors. A defence is applied when a corpus is read, so changing it
computes no update again. Defended answers go through the function that reads the answers of a
target in an audit.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from ulk_tf.answers.form import EXACT, Form
from ulk_tf.answers.interpret import interpret
from ulk_tf.chance import Chance
from ulk_tf.corpus.design import Design
from ulk_tf.corpus.redrawn import DRAWINGS, shifted
from ulk_tf.corpus.updates import Updates
from ulk_tf.data.splits import ROLES, Role
from ulk_tf.defences import Chain, parse
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.progress import bar
from ulk_tf.rows import Rows, stacked

# Base models whose undefended answers tell their form, and the finest fractions that are votes.
MEASURED, FEWEST_VOTES = 8, 1e-3
# Nobody but the owner knows the chance of her own service, and held-out updates are behind other
# chance than those that an attack learns from.
FIRST_DRAWING: Mapping[Role, int] = {"target": 0, "shadow": 1, "validation": 1 + DRAWINGS}
# Versions whose answers are read at once.
TOGETHER = 256


def defended(design: Design, updates: Updates, role: Role) -> Updates:
    """Apply the defence of a side to the posteriors of its updates.

    Args:
        design: design of the side's corpus; its party names the defence.
        updates: undefended updates.
        role: role of their base models.

    Returns:
        Defended updates; the same posteriors without a defence, in the form that the classifier
        itself answers in. If the defence is random, `before` has a row for each update. Shadow
        updates whose answers are coarse carry further drawings (see `redrawn`).
    """
    text = design.party.defence.defence
    if text is None:
        return replace(updates, form=_own_form(updates))
    chain = parse(text, updates.after.shape[-1])
    first = FIRST_DRAWING[role]
    with bar(len(updates), "defending answers", "update") as shown:
        once = _drawn(design, chain, updates, role, first, shown.update)
    if role != "shadow" or once.form.kind == EXACT.kind or chain.random:
        return once
    # Which answers of a base model from a file lie near a step is no chance: it may be the target.
    if design.base_file is not None:
        return once
    again = range(first + 1, first + DRAWINGS)
    with bar(len(updates) * len(again), "drawing them anew", "update") as shown:
        redrawn = tuple(
            _drawn(design, chain, updates, role, number, shown.update, shift=True)
            for number in again
        )
    return replace(once, redrawn=redrawn)


def _drawn(
    design: Design,
    chain: Chain,
    updates: Updates,
    role: Role,
    drawing: int,
    done: Callable[[int], object],
    shift: bool = False,
) -> Updates:
    """Apply a chain of defences to all updates, of posteriors that are shifted before or not."""
    samples = [int(probe, 16) for probe in design.probe_digests]
    within = _numbers_within_bases(updates)
    number = ROLES.index(role)
    # Who asks a version again gets another answer only where a defence is random.
    repeats = design.repeat if chain.random else 1

    def seen(posteriors: Array, base: int, row: int, look: int) -> Array:
        if shift:
            posteriors = shifted(posteriors, (design.seed, 24, number, base, drawing))
        chance = Chance(design.seed, (number, base, row, look), samples, drawing=drawing)
        return np.stack(
            [chain(posteriors, replace(chance, repeat=repeat)) for repeat in range(repeats)]
        )

    after, forms = _read(
        (
            seen(posteriors, int(base), int(row), 1)
            for posteriors, base, row in zip(updates.after, updates.base, within, strict=True)
        ),
        len(updates),
        design.folder.parent,
        done,
    )
    looks = (
        zip((updates.before[base] for base in updates.base), updates.base, within, strict=True)
        if chain.random
        else ((one, base, 0) for base, one in enumerate(updates.before))
    )
    before, _ = _read(
        (seen(one, int(base), int(row), 0) for one, base, row in looks),
        len(updates if chain.random else updates.before),
        design.folder.parent,
    )
    kind, digits = Counter((one.kind, one.digits) for one in forms).most_common(1)[0][0]
    form = Form(
        kind,
        float(np.median([one.step for one in forms])),
        # An adversary who trains for a defence knows its noise; clipping and normalising hide it.
        chain.noise(repeats),
        max(one.kept for one in forms),
        digits,
        float(np.median([one.least for one in forms])),
    )
    return replace(updates, before=before, after=after, by_update=chain.random, form=form)


def _own_form(updates: Updates) -> Form:
    """The form of undefended answers, as an audit finds it.

    It is exact, but for classifiers that answer 0 by themselves, count votes, answer labels or
    compute in half precision.
    """
    some = np.asarray(updates.before[:MEASURED], np.float64)
    rows = some.reshape(-1, some.shape[-1])
    try:
        found = Form.of((interpret(rows, rows.shape[-1]),), (rows,))
    except UserError:
        return EXACT  # an audit reads no such answers
    votes = found.kind == "rounded" and found.step >= FEWEST_VOTES
    return found if votes or found.kind in ("censored", "labels", "rounded logits") else EXACT


def _read(
    answers: Iterable[Array],
    count: int,
    folder: Path,
    done: Callable[[int], object] = lambda _: None,
) -> tuple[Rows, list[Form]]:
    """Read the answers of many versions, some hundreds at once: their form is one.

    Args:
        answers: answers of each version, float64 [repeats, probes, classes].
        count: versions.
        folder: folder of posteriors that would fill the memory.
        done: told how many versions were read.

    Returns:
        Posteriors, float32 [versions, probes, classes], the means of repeated answers, and the
        form of each part.
    """
    waiting = iter(answers)
    forms: list[Form] = []

    def parts() -> Iterator[Array]:
        while chunk := list(islice(waiting, TOGETHER)):
            rows = np.concatenate(chunk, axis=1)
            read = interpret(rows, rows.shape[-1])
            forms.append(Form.of((read,), (rows,)))
            done(len(chunk))
            yield read.posteriors.reshape(len(chunk), -1, rows.shape[-1])

    return stacked(parts(), count, folder), forms


def _numbers_within_bases(updates: Updates) -> Array:
    """Number the updates of each base model from 0, int64 [updates]."""
    numbers = np.zeros(len(updates), np.int64)
    for base in np.unique(updates.base):
        rows = updates.base == base
        numbers[rows] = np.arange(rows.sum())
    return numbers
