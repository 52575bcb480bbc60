"""The audit of an update: what exported attacks read from a target's answers before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.blackbox.answers import Interpreted, checked, interpret
from ulk_tf.blackbox.probe import probe
from ulk_tf.blackbox.recording import Recording
from ulk_tf.errors import UserError
from ulk_tf.files import Array, digest
from ulk_tf.serving.loading import LoadedAttack

SCHEMA_VERSION = 1
RECORDED = (".npz", ".csv")


@dataclass(frozen=True)
class Version:
    """What one version of the target answered.

    Attributes:
        recording: the answers and where they came from.
        interpreted: the same as posteriors.
    """

    recording: Recording
    interpreted: Interpreted

    def as_json(self) -> dict[str, Any]:
        """What is told about it in audit.json."""
        return {
            "target": self.recording.target,
            "versions": list(self.recording.versions),
            "queries": self.recording.queries,
            "started": self.recording.started,
            "finished": self.recording.finished,
            "answers": self.interpreted.kind,
            "notes": list(self.interpreted.notes),
        }


@dataclass(frozen=True)
class Finding:
    """What one attack says.

    Attributes:
        attack: which one.
        outputs: by name, without the batch.
    """

    attack: LoadedAttack
    outputs: Mapping[str, Array]


@dataclass(frozen=True)
class Audit:
    """An audit's result.

    Attributes:
        before: the version before the update.
        after: the version after it.
        probes: size of the probing set.
        movement: how far the posteriors moved.
        findings: one for each attack; none where nothing moved.
        warnings: sentences that a reader has to see first.
    """

    before: Version
    after: Version
    probes: int
    movement: Mapping[str, float | int]
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...] = field(default=())


def audit(
    before: str,
    after: str,
    attacks: Sequence[LoadedAttack],
    *,
    output: str | None = None,
    max_queries: int | None = None,
) -> Audit:
    """Run attacks on two versions of a target.

    Args:
        before: a recording, or a target that is probed now.
        after: the same for the updated version.
        attacks: they share one probing set.
        output: which of several outputs of the target holds the posteriors.
        max_queries: how many samples may be sent to each of the two.

    Raises:
        UserError: the attacks have different probing sets, or the answers do not fit them.
    """
    first = attacks[0]
    for other in attacks[1:]:
        if digest(other.probing_set) != digest(first.probing_set):
            raise UserError(
                "attacks with one probing set",
                f"{first.path} and {other.path} with different ones",
                "Export them from the same data set and seed, or audit them one by one.",
            )
    old, new = (_version(target, first, output, max_queries) for target in (before, after))
    pair = old.interpreted.posteriors, new.interpreted.posteriors
    still = np.array_equal(*pair)
    findings = [] if still else [Finding(attack, _answers(attack, *pair)) for attack in attacks]
    return Audit(
        old,
        new,
        len(first.probing_set),
        movement(*pair),
        tuple(findings),
        tuple(_warnings(old, new, still)),
    )


def movement(before: Array, after: Array) -> dict[str, float | int]:
    """How far posteriors moved.

    Args:
        before: float32 [probes, classes].
        after: the same shape.

    Returns:
        Over the probes: mean, median and maximum of the total variation distance (half the sum
        of absolute differences, 0 to 1), and how many probes changed their likeliest class.
    """
    distance = total_variation(before, after)
    return {
        "total_variation_mean": float(distance.mean()),
        "total_variation_median": float(np.median(distance)),
        "total_variation_max": float(distance.max()),
        "labels_changed": int((before.argmax(1) != after.argmax(1)).sum()),
        "probes": len(before),
    }


def total_variation(before: Array, after: Array) -> Array:
    """Half the sum of absolute differences, float64 [probes], for each probe."""
    moved: Array = 0.5 * np.abs(before.astype(np.float64) - after.astype(np.float64)).sum(axis=1)
    return moved


def _version(
    target: str, attack: LoadedAttack, output: str | None, max_queries: int | None
) -> Version:
    classes = len(attack.class_names)
    if not target.endswith(RECORDED) or "://" in target:
        recording, interpreted = probe(
            target, attack.probing_set, classes, output=output, max_queries=max_queries
        )
        return Version(recording, interpreted)
    recording = Recording.load(Path(target), output)
    if recording.probing_set not in ("", digest(attack.probing_set)):
        raise UserError(
            f"answers to the probing set of {attack.path}",
            f"{target}, answers to another one",
            "Probe the target with this attack, or audit with the attack that it was probed for.",
        )
    rows = len(attack.probing_set)
    if len(recording.answers) != rows:
        raise UserError(
            f"answers to all {rows} samples of the probing set",
            f"{len(recording.answers)} in {target}",
        )
    checked(recording.answers, rows, classes)
    return Version(recording, interpret(recording.answers))


def _answers(attack: LoadedAttack, before: Array, after: Array) -> dict[str, Array]:
    found = attack.run(before, after)
    for name, value in found.items():
        if value.ndim < 2 or len(value) != 1:
            raise UserError(f"one answer from {attack.path}", f"{name} {list(value.shape)}")
        if not np.isfinite(value).all():
            raise UserError(f"finite numbers from {attack.path}", f"NaN or infinity in {name}")
    return {name: value[0] for name, value in found.items()}


def _warnings(before: Version, after: Version, still: bool) -> list[str]:
    said = []
    if still:
        said.append(
            "Both versions answer exactly the same: either it was one version twice, or the "
            "update changed nothing. There is nothing for an attack to read."
        )
    for name, side in (("before", before), ("after", after)):
        said += [f"{name.capitalize()}: {note}" for note in side.interpreted.notes]
        if not side.recording.versions:
            said.append(f"{name.capitalize()}: the version that answered is not known.")
        if not side.recording.probing_set:
            said.append(
                f"{name.capitalize()}: the recording does not say to which probing set it answers; "
                "it was taken for the attack's own, in its order."
            )
    if before.interpreted.kind != after.interpreted.kind:
        kinds = f"{before.interpreted.kind} before, {after.interpreted.kind} after"
        said.append(f"The two versions answer in different forms: {kinds}.")
    versions = before.recording.versions, after.recording.versions
    if versions[0] and versions[0] == versions[1] and not still:
        said.append(
            f"Version {versions[0][0]} answered both times, and not the same: the target may "
            "answer by chance, and then what moved is noise."
        )
    return said
