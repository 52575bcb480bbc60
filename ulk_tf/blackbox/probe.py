"""Asking a target about the whole probing set, in batches, so that a failure loses nothing.

What is left on disk: `<out>.partial.npz` while it goes on, rewritten whole after each batch;
`<out>` when it is complete.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ulk_tf.blackbox.answers import Interpreted, checked, interpret
from ulk_tf.blackbox.open import BlackBox, open_target
from ulk_tf.blackbox.recording import Recording
from ulk_tf.errors import UserError
from ulk_tf.files import Array, check_folder, digest
from ulk_tf.progress import bar


def probe(
    target: str,
    probing_set: Array,
    classes: int,
    *,
    out: Path | None = None,
    output: str | None = None,
    max_queries: int | None = None,
    batch: int | None = None,
) -> tuple[Recording, Interpreted]:
    """Record a target's answers to a probing set.

    Args:
        target: as `target.blackbox.open_target` takes it.
        probing_set: [probes, ...], as stored.
        classes: how many the target should tell.
        out: the .npz to write; None keeps the answers in memory.
        output: which of several outputs holds the posteriors.
        max_queries: how many samples may be sent to the target in all, repeats and earlier
            runs included.
        batch: how many samples to send at once; None takes what suits the target.

    Returns:
        The recording, and its answers as posteriors.

    Raises:
        UserError: `out` exists, the target fails, or the budget is spent; what was answered is
            kept beside `out`, and the same call goes on from there.
    """
    if batch is not None and batch < 1:
        raise UserError("--batch of at least 1", batch)
    if out is not None:
        _check_out(out)
    box = open_target(target, output=output, max_queries=max_queries)
    partial = None if out is None else out.with_name(f"{out.stem}.partial.npz")
    fresh = Recording(
        np.zeros((0, classes)), target=box.name, probing_set=digest(probing_set), started=_now()
    )
    so_far = _resumed(partial, fresh)
    box.queries = so_far.queries
    for version in so_far.versions:
        box.expect(version)
    step = (batch or box.batch) if box.batch else len(probing_set)
    found = _ask(box, so_far, probing_set, step or 1, partial)
    posteriors = interpret(found.answers)
    if out is not None and partial is not None:
        found.save(out)
        partial.unlink(missing_ok=True)
    return found, posteriors


def _check_out(out: Path) -> None:
    if out.suffix != ".npz":
        raise UserError("--out to end in .npz", f"{out}")
    if out.exists():
        raise UserError("--out that does not exist yet", f"{out}", "Nothing was asked.")
    check_folder(out.parent, "--out")


def _ask(
    box: BlackBox, recording: Recording, probing_set: Array, step: int, partial: Path | None
) -> Recording:
    """Ask for what `recording` lacks, keeping each batch."""
    total, classes = len(probing_set), recording.answers.shape[1]
    done = len(recording.answers)
    with bar(total, f"probing {box.name}", "probe", done) as shown:
        while done < total:
            # The last batch is cut to what the budget allows, so that all of it is used.
            size = min(step, total - done, box.left or step)
            try:
                reply = box.ask(probing_set[done : done + size])
                values = checked(reply.values, size, classes)
                answers = np.concatenate([recording.answers, values])
                interpret(answers)
            except UserError:
                _keep(replace(recording, queries=box.queries), partial)
                raise
            recording = replace(
                recording,
                answers=answers,
                versions=(reply.version,) if reply.version else recording.versions,
                queries=box.queries,
                finished=_now(),
            )
            _keep(recording, partial)
            done += size
            shown.update(size)
    return recording


def _keep(recording: Recording, partial: Path | None) -> None:
    if partial is not None and recording.queries:
        recording.save(partial)


def _resumed(partial: Path | None, fresh: Recording) -> Recording:
    """What an earlier run left, or `fresh`.

    Raises:
        UserError: it left the answers of another target, or to another probing set.
    """
    if partial is None or not partial.exists():
        return fresh
    found = Recording.load(partial)
    for name in ("target", "probing_set"):
        old, new = getattr(found, name), getattr(fresh, name)
        if old != new:
            raise UserError(
                f"{partial} to go on with {name} {new}",
                f"it with {old}",
                "Delete it to start again, or choose another --out.",
            )
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
