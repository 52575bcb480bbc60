"""Asking a target about the whole probing set, in batches, so that a failure loses nothing.

What is left on disk: `<out>.partial.npz` while it goes on, rewritten whole after each batch;
`<out>` when it is complete.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ulk_tf.answers.interpret import asked_again, interpret
from ulk_tf.answers.interpreted import Interpreted
from ulk_tf.answers.numbers import checked
from ulk_tf.answers.repeats import places_again
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.open import BlackBox, open_target
from ulk_tf.blackbox.recording import Recording
from ulk_tf.errors import UserError
from ulk_tf.files import Array, check_folder, digest
from ulk_tf.progress import bar, notes, say

# What may not differ between the parts of one recording, beside how the target was asked.
FIXED = ("target", "probing_set")
# Samples, at least, that are asked again: noise shows in few posteriors.
AGAIN = 32


def probe(
    target: str,
    probing_set: Array,
    classes: int | Sequence[str],
    asking: Asking | None = None,
    *,
    out: Path | None = None,
) -> tuple[Recording, Interpreted]:
    """Record a target's answers to a probing set.

    Args:
        target: as `blackbox.open.open_target` takes it.
        probing_set: [probes, ...], as stored.
        classes: the names of the classes that the target should tell, or how many there are.
        asking: settings of the queries.
        out: the .npz to write; None keeps the answers in memory.

    Returns:
        The recording, and its answers as posteriors.

    Raises:
        UserError: `out` exists, the target fails, or the budget is spent; what was answered is
            kept beside `out`, and the same call goes on from there.
    """
    with notes():
        recording, count = record(target, probing_set, classes, asking, out=out)
        found = asked_again(interpret(recording.raw, count), recording.raw, recording.again, count)
        for note in (*recording.notes, *found.notes):
            say(note)
    return recording, found


def record(
    target: str,
    probing_set: Array,
    classes: int | Sequence[str],
    asking: Asking | None = None,
    *,
    out: Path | None = None,
) -> tuple[Recording, int]:
    """Record a target's answers, and leave it to the caller what they are.

    Args:
        target: as `probe` takes it, and so are all others.
        probing_set: [probes, ...], as stored.
        classes: names or number of the classes.
        asking: settings of the queries.
        out: the .npz to write; None keeps the answers in memory.

    Returns:
        The recording, and how many classes there are.

    Raises:
        UserError: as `probe`.
    """
    names = () if isinstance(classes, int) else classes
    count = classes if isinstance(classes, int) else len(classes)
    asking = asking or Asking()
    if out is not None:
        _check_out(out)
    box = open_target(target, asking, names)
    partial = None if out is None else out.with_name(f"{out.stem}.partial.npz")
    fresh = Recording(
        np.zeros((0, count)),
        target=box.name,
        probing_set=digest(probing_set),
        started=_now(),
        asked=asking.as_told(),
    )
    so_far = _resumed(partial, fresh)
    box.queries = so_far.queries
    for version in so_far.versions:
        box.expect(version)
    found = _ask(box, so_far, probing_set, count, partial)
    found = _ask_again(box, found, probing_set, count)
    if out is not None and partial is not None:
        interpret(found.raw, count)
        found.save(out)
        partial.unlink(missing_ok=True)
    return found, count


def _check_out(out: Path) -> None:
    if out.suffix != ".npz":
        raise UserError("--out to end in .npz", f"{out}")
    if out.exists():
        raise UserError("--out that does not exist yet", f"{out}", "Nothing was asked.")
    check_folder(out.parent, "--out")


def _ask(
    box: BlackBox, recording: Recording, probing_set: Array, classes: int, partial: Path | None
) -> Recording:
    """Ask for what `recording` lacks, keeping each batch."""
    total, done = len(probing_set), len(recording.answers)
    repeat, step = box.asking.repeat, box.batch or len(probing_set)
    with bar(total, f"probing {box.name}", "probe", done) as shown:
        while done < total:
            # The last batch is cut to what the budget allows, so that all of it is used.
            affordable = step if box.left is None else box.left // repeat
            size = min(step, total - done, affordable or 1)
            try:
                # Answers to a sample that cannot be asked often enough would be thrown away.
                box.check_budget(size * repeat)
                found = box.ask_all(probing_set[done : done + size])
                for each in found:
                    checked(each, size, classes)
                raw = _joined(recording, found)
                _check_batch(recording, raw, classes)
            except UserError as error:
                _keep(replace(recording, queries=box.queries), partial)
                if partial is None or not done:
                    raise
                kept = f"{error.remedy} What was answered is kept: the same command goes on."
                raise UserError(error.expected, error.received, kept.lstrip()) from error
            recording = replace(
                recording,
                answers=raw.mean(axis=0) if repeat > 1 else raw[0],
                repeated=raw if repeat > 1 else None,
                versions=(box.version,) if box.version else recording.versions,
                queries=box.queries,
                finished=_now(),
                notes=tuple(dict.fromkeys((*recording.notes, *box.notes))),
            )
            _keep(recording, partial)
            done += size
            shown.update(size)
    return recording


def _ask_again(box: BlackBox, recording: Recording, probing_set: Array, classes: int) -> Recording:
    """Ask some samples again, where each was asked once and the budget allows it.

    A recording is complete without that: what goes wrong is told, and nothing is lost.
    """
    total = len(probing_set)
    step = min(box.batch or total, total)
    # At least one of every batch, each of which may have been answered by another replica.
    least = max(AGAIN, math.ceil(total / step))
    count = min(math.ceil(least / step) * step, total)
    spent = box.left is not None and box.left < count
    # A recorded file gives the same answers again.
    if not recording.asked_once or not recording.queries or spent:
        return recording
    # In another order: a cache on the way may know the request.
    backwards = probing_set[places_again(total, count)][::-1]
    batches = [backwards[first : first + step] for first in range(0, count, step)]
    try:
        found = [checked(box.ask(one).values, len(one), classes) for one in batches]
        again = np.concatenate(found)[::-1]
        if again.shape[1] != recording.answers.shape[1]:
            raise UserError(f"{recording.answers.shape[1]} numbers in every answer", again.shape[1])
    except (UserError, ValueError) as error:
        # The remedy is left out: a complete recording has nothing to go on with.
        why = UserError(error.expected, error.received) if isinstance(error, UserError) else error
        note = f"Some samples could not be asked again, which would show noise. {why}"
        return replace(recording, queries=box.queries, notes=(*recording.notes, note))
    return replace(recording, again=again, queries=box.queries, finished=_now())


def _joined(recording: Recording, found: Array) -> Array:
    """All raw answers so far, float64 [repeats, n, columns]."""
    if not len(recording.answers):
        return found
    earlier = recording.raw if recording.raw.ndim == 3 else recording.raw[np.newaxis]
    if earlier.shape[-1] != found.shape[-1]:
        raise UserError(f"{earlier.shape[-1]} numbers in every answer", f"{found.shape[-1]}")
    return np.concatenate([earlier, found], axis=1)


def _check_batch(recording: Recording, raw: Array, classes: int) -> None:
    """Raise `UserError` where earlier answers can be read and with the new ones they cannot.

    A first batch that looks like nothing known decides nothing: of a single row of logits, none
    may be below 0.
    """
    if not len(recording.answers):
        return
    try:
        interpret(recording.raw, classes)
    except UserError:
        return
    interpret(raw, classes)


def _keep(recording: Recording, partial: Path | None) -> None:
    if partial is not None and recording.queries:
        recording.save(partial)


def _resumed(partial: Path | None, fresh: Recording) -> Recording:
    """Read what an earlier run left, or return `fresh`.

    Raises:
        UserError: it left the answers of another target, or to another probing set.
    """
    if partial is None or not partial.exists():
        return fresh
    found = Recording.load(partial)
    compared = [(name, getattr(found, name), getattr(fresh, name)) for name in FIXED]
    # Recordings of earlier releases do not say how the target was asked.
    compared += [
        (f"--{key}", value, fresh.asked[key])
        for key, value in found.asked.items()
        if key in fresh.asked
    ]
    for name, old, new in compared:
        if old != new:
            raise UserError(
                f"{partial} to go on with {name} {new or 'left out'}",
                f"it with {old or 'none'}",
                "Delete it to start again, or choose another --out.",
            )
    return found if len(found.answers) else replace(found, answers=fresh.answers)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
