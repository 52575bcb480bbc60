"""Versions of a target, by their answers, and what makes these doubtful or incomparable."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ulk_tf.answers.interpreted import Interpreted
from ulk_tf.auditing.fit import Fit
from ulk_tf.auditing.resolution import Resolution
from ulk_tf.blackbox.asking import STORED
from ulk_tf.blackbox.recording import Recording


@dataclass(frozen=True)
class Version:
    """Answers of one version of the target.

    Attributes:
        recording: the answers and where they came from.
        interpreted: the same as posteriors.
    """

    recording: Recording
    interpreted: Interpreted

    def as_json(self) -> dict[str, Any]:
        """Its entry in audit.json."""
        return {
            "target": self.recording.target,
            "versions": list(self.recording.versions),
            "queries": self.recording.queries,
            "started": self.recording.started,
            "finished": self.recording.finished,
            "asked": dict(self.recording.asked),
            "answers": self.interpreted.kind,
            "notes": [*self.recording.notes, *self.interpreted.notes],
        }


def warnings_about(
    before: Version, after: Version, resolution: Resolution, fits: Sequence[Fit]
) -> list[str]:
    """List what a reader of an audit has to know before its findings, as sentences.

    Args:
        before: answers before the update.
        after: answers after it.
        resolution: how finely both answer.
        fits: whether attacks fit this target.
    """
    said = []
    if resolution.still:
        said.append(
            "Both versions answer exactly the same: either it was one version twice, or the "
            "update changed nothing. There is nothing for an attack to read."
        )
    elif not resolution.exceeded and not resolution.apart:
        said.append(f"{resolution.sentence[0].upper()}{resolution.sentence[1:]}.")
    for name, side in (("Before", before), ("After", after)):
        notes = (*side.recording.notes, *side.interpreted.notes)
        said += [f"{name}: {note}" for note in dict.fromkeys(notes)]
        if not side.recording.versions:
            said.append(f"{name}: the version that answered is not known.")
        if side.recording.asked_once and not side.interpreted.noise:
            said.append(
                f"{name}: no sample was asked twice, so that noise in the answers would pass for "
                "movement."
            )
        if not side.recording.probing_set:
            said.append(
                f"{name}: the recording does not say to which probing set it answers; "
                "it was taken for the attack's own, in its order."
            )
    said += [fit.sentence for fit in fits if not fit.fits]
    kinds = before.interpreted.kind, after.interpreted.kind
    if kinds[0] != kinds[1]:
        forms = f"{kinds[0]} before, {kinds[1]} after"
        said.append(f"The two versions answer in different forms: {forms}.")
    said += _asked_differently(before.recording.asked, after.recording.asked)
    said += _swapped(before.recording, after.recording)
    said += _partly_still(before.interpreted, after.interpreted)
    versions = before.recording.versions, after.recording.versions
    if versions[0] and versions[0] == versions[1] and resolution.moved > 0:
        said.append(
            f"Version {versions[0][0]} answered both times, and not the same: the target may "
            "answer by chance, and then what moved is noise."
        )
    return said


def _swapped(before: Recording, after: Recording) -> list[str]:
    """Say so where the version before the update looks like the later one."""
    numbers = [
        int(side.versions[0])
        for side in (before, after)
        if len(side.versions) == 1 and re.fullmatch(r"[0-9]{1,18}", side.versions[0])
    ]
    falls = len(numbers) == 2 and numbers[0] > numbers[1]
    # ISO times in one zone are in the order of their text.
    late = "" < after.finished < before.started
    if not (falls or late):
        return []
    how = f"version {numbers[0]} is before version {numbers[1]}" if falls else "it was asked later"
    return [
        f"The versions before and after look swapped ({how}), unless the update was a roll-back: "
        "an attack then reads the opposite."
    ]


def _partly_still(before: Interpreted, after: Interpreted) -> list[str]:
    """Say so where some exact answers are the same to the last bit, and others are not."""
    if {before.kind, after.kind} - {"posteriors", "logits"} or before.step or after.step:
        return []
    moved = (before.posteriors != after.posteriors).any(axis=1)
    # Posteriors of 0 and 1 have nowhere to move.
    unsure = (before.posteriors.max(axis=1) < 1 - 1e-4) & (before.posteriors.min(axis=1) > 0)
    still = int((unsure & ~moved).sum())
    if still < 2 or not moved.any():
        return []
    return [
        f"{still} of {len(moved)} probes are answered exactly the same and the others are not: one "
        "version may have answered in both recordings, as in the middle of a roll-out. (Trees and "
        "nearest neighbours change some answers only.)"
    ]


def _asked_differently(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Name what makes the answers of two versions incomparable, if both say how they were asked."""
    usual = {
        "scale": STORED,
        "signature": "its own choice",
        "output": "its own choice",
        "answer": "the whole answer",
        "class_names": "the attack's own",
        "request": "none",
        "protocol": "its URL's",
    }
    return [
        f"The two versions were asked differently (--{key}={before[key] or default} before, "
        f"--{key}={after[key] or default} after): what moved may be that, and no update."
        for key, default in usual.items()
        if key in before and key in after and before[key] != after[key]
    ]
