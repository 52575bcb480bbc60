"""The audit of an update: what exported attacks read from a target's answers before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ulk_tf.answers.form import NOTHING, Form
from ulk_tf.answers.interpret import asked_again, interpret_both
from ulk_tf.answers.numbers import checked
from ulk_tf.auditing.answered import Answered
from ulk_tf.auditing.finding import Finding
from ulk_tf.auditing.findings import Told, tell
from ulk_tf.auditing.fit import Fit
from ulk_tf.auditing.resolution import Resolution, measure
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

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Audit:
    """An audit's result.

    Attributes:
        before: the version before the update.
        after: the version after it.
        probes: size of the probing set.
        movement: distances that the posteriors moved.
        findings: one for each attack that fits; none where nothing moved more than the
            answers' own resolution.
        resolution: how finely the versions answer.
        fits: for each attack whose export says so, whether it fits this target.
        warnings: sentences that a reader has to see first.
    """

    before: Version
    after: Version
    probes: int
    movement: Mapping[str, float | int]
    findings: tuple[Finding, ...]
    resolution: Resolution
    fits: tuple[Fit, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def still(self) -> bool:
        """True where both versions answer exactly the same."""
        return self.resolution.still

    @property
    def verdict(self) -> str:
        """The result in plain words, the first thing that a reader sees."""
        if self.still:
            return (
                "This audit found nothing: both versions answer exactly the same, so that no "
                "attack could read anything."
            )
        if not self.resolution.exceeded:
            return self._unseen
        moved = (
            "This update shows: the probes moved by "
            f"{self.movement['total_variation_mean']:.2g} on average and one posterior by "
            f"{self.resolution.moved:.2g}, where {self.resolution.words}."
        )
        if not self.findings:
            return f"{moved} No attack fits this target, so that nothing is claimed."
        count = len(self.findings)
        attacks = "what one attack reads" if count == 1 else f"what {count} attacks read"
        return f"{moved} See {attacks} from that, and how often such answers are right."

    @property
    def _unseen(self) -> str:
        """The verdict where no posterior moved by more than can be told apart."""
        if self.resolution.logits:
            return (
                "This audit is undecided: the target is so sure of its answers that its posteriors "
                f"hide the update, of which logits moved by up to {self.resolution.logits:.2g}. No "
                "attack was run."
            )
        found = f"This audit found {self.resolution.sentence}"
        if self.findings:
            return (
                f"{found}. Attacks that were trained on such noise read less than that; see what."
            )
        if self.fits:
            return (
                f"{found}, and no attack fits that was trained for such noise: that nothing leaks "
                "is not shown."
            )
        return f"{found}, so that no attack was run."

    @property
    def claims(self) -> list[str]:
        """The verdict, then what each attack reads and how often such answers are right."""
        return [
            self.verdict,
            *(
                f"{finding.attack.name}: {one.sentence} {one.caution}".rstrip()
                for finding, one in self.told
            ),
            *(fit.sentence for fit in self.fits if fit.fits and fit.sentence),
        ]

    @property
    def sentences(self) -> list[str]:
        """Sentences of the audit, in order: the verdict, warnings, then what each attack reads."""
        verdict, *claims = self.claims
        return [verdict, *(f"note: {warning}" for warning in self.warnings), *claims]

    @cached_property
    def told(self) -> list[tuple[Finding, Told]]:
        """The findings, each with its words."""
        return [(finding, tell(finding)) for finding in self.findings]


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
    resolution = measure(*pair, raw)
    form = Form.of(pair, raw)
    noise_known = not any(one.asked_once for one in recordings)
    answered = Answered(pair[0].posteriors, pair[1].posteriors, form, noise_known)
    # An attack that was trained for noise reads movement that is smaller than it.
    read_at_all = resolution.exceeded or (form.noise > NOTHING and not answered.still)
    runs = [run(attack, answered) for attack in attacks] if read_at_all else []
    fits = [one.fit for one in runs]
    return Audit(
        old,
        new,
        len(first.probing_set),
        movement_of(answered.before, answered.after),
        tuple(one.finding for one in runs if one.finding is not None),
        resolution,
        tuple(fits),
        (
            *(note for one in runs for note in one.notes),
            *warnings_about(old, new, resolution, fits),
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
