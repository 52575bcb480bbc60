"""The audit of an update: exported attacks read a target's answers before and after it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ulk_tf.answers.form import NOTHING, Form
from ulk_tf.answers.interpret import asked_again, interpret_both
from ulk_tf.answers.numbers import checked
from ulk_tf.auditing.answered import Answered
from ulk_tf.auditing.assumed import at_odds
from ulk_tf.auditing.audited import Audit
from ulk_tf.auditing.one_form import compared
from ulk_tf.auditing.running import run
from ulk_tf.auditing.versions import Version, warnings_about
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.open import is_recording
from ulk_tf.blackbox.probe import record
from ulk_tf.blackbox.recording import Recording
from ulk_tf.errors import UserError
from ulk_tf.evaluation.movement import movement_of
from ulk_tf.files import digest
from ulk_tf.progress import notes, say
from ulk_tf.serving.loading import LoadedAttack


def audit(
    before: Any,
    after: Any,
    attacks: Sequence[LoadedAttack],
    asking: Asking | None = None,
) -> Audit:
    """Run attacks on two versions of a target.

    Args:
        before: a recording or its file, or a target that is probed now.
        after: the same for the updated version.
        attacks: they share one probing set.
        asking: settings of the queries.

    Raises:
        UserError: the attacks have different probing sets, or the answers do not fit them.
    """
    with notes() as told:
        for note in (note for attack in attacks for note in attack.notes):
            say(note)
        found = _compared(before, after, attacks, asking or Asking())
        # What was said while a version was asked is also among its notes.
        early = [one for one in told if not any(one in warning for warning in found.warnings)]
        for warning in found.warnings:
            say(warning)
    return replace(found, warnings=(*early, *found.warnings))


def _compared(before: Any, after: Any, attacks: Sequence[LoadedAttack], asking: Asking) -> Audit:
    """Ask both versions and run the attacks."""
    first = attacks[0]
    for other in attacks[1:]:
        if digest(other.probing_set) != digest(first.probing_set):
            raise UserError(
                "attacks with one probing set",
                f"{first.path} and {other.path} with different ones",
                "Export them from the same data set and seed, or audit them one by one.",
            )
        if other.class_names != first.class_names:
            raise UserError(
                "attacks with one order of classes",
                f"{first.path} and {other.path} with different ones",
                "Audit them one by one.",
            )
    names = [one.name for one in attacks]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UserError(
            "one attack of each kind",
            f"several named {', '.join(sorted(twice))}",
            "Name the folder of all its versions, of which the one that fits is taken, or audit "
            "them one by one.",
        )
    recordings = [_recording(target, first, asking) for target in (before, after)]
    raw = recordings[0].raw, recordings[1].raw
    classes = len(first.class_names)
    read = interpret_both(*raw, classes)
    told = [
        asked_again(found, one.raw, one.again, classes)
        for found, one in zip(read, recordings, strict=True)
    ]
    pair = told[0], told[1]
    old, new = map(Version, recordings, pair)
    resolution, form = compared(*pair, raw), Form.of(pair, raw)
    noise_known = not any(one.asked_once for one in recordings)
    answered = Answered(pair[0].posteriors, pair[1].posteriors, form, noise_known)
    # An attack that was trained for noise reads movement that is smaller than it.
    noisy = form.noise > NOTHING and not answered.still and not resolution.apart
    read_at_all = resolution.exceeded or noisy
    runs = [run(attack, answered) for attack in attacks] if read_at_all else []
    fits = [one.fit for one in runs]
    findings = tuple(one.finding for one in runs if one.finding is not None)
    return Audit(
        old,
        new,
        len(first.probing_set),
        movement_of(answered.before, answered.after),
        findings,
        resolution,
        tuple(fits),
        (
            *(note for one in runs for note in one.notes),
            *warnings_about(old, new, resolution, fits),
            *at_odds({f.attack.name: f.attack.metadata for f in findings}),
        ),
    )


def _recording(target: Any, attack: LoadedAttack, asking: Asking) -> Recording:
    """Load what was recorded of a target, or ask it now."""
    names = attack.class_names
    if isinstance(target, Recording):
        found = target
    elif isinstance(target, str | Path) and is_recording(str(target)):
        found = Recording.load(Path(target).expanduser(), asking.output, asking.names(names))
    else:
        return record(target, attack.probing_set, names, asking)[0]
    if found.probing_set not in ("", digest(attack.probing_set)):
        raise UserError(
            f"answers to the probing set of {attack.path}",
            f"{found.target or target}, answers to another one",
            "Probe the target with this attack, or audit with the attack that it was probed for.",
        )
    rows = len(attack.probing_set)
    if len(found.answers) != rows:
        raise UserError(
            f"answers to all {rows} samples of the probing set",
            f"{len(found.answers)} in {found.target or target}",
        )
    checked(found.answers, rows, len(names))
    return found
