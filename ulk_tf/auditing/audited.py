"""Result of an audit: its state, its verdict, and what each attack reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ulk_tf.auditing.finding import Finding
from ulk_tf.auditing.fit import Fit
from ulk_tf.auditing.resolution import Resolution
from ulk_tf.auditing.told import Told
from ulk_tf.auditing.versions import Version
from ulk_tf.auditing.words import tell

# None of them proves that nothing leaks: `still` and `below resolution` are of these probes only.
State = Literal["still", "below resolution", "undecided", "unfit", "told"]


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
    def state(self) -> State:
        """The result for programs: `told` only where an attack answered."""
        if self.still:
            return "still"
        if self.findings:
            return "told"
        if not self.resolution.exceeded:
            seen = self.resolution.logits or self.resolution.mixed or self.fits
            return "undecided" if seen else "below resolution"
        return "unfit"

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
        if self.resolution.mixed:
            return (
                "This audit is undecided: the two versions answer in different forms, so that what "
                f"moved by at most {self.resolution.moved:.2g} may be that or the update. No "
                "attack was run; let both versions answer in one form."
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
