"""Estimate: how long runs will take, as a sentence before they start."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ulk_tf.estimating.attack_work import attack_work
from ulk_tf.estimating.corpus_work import corpus_work
from ulk_tf.estimating.rates import Rates
from ulk_tf.estimating.work import (
    BASES,
    EXPORT,
    HELD_OUT,
    SCORING,
    START,
    TRAINING,
    UPDATES,
    Found,
    Work,
)
from ulk_tf.preflight import Loaded
from ulk_tf.settings.experiment import Experiment

# Parts of less than this share are not named.
NAMED = 0.04


@dataclass(frozen=True)
class Estimate:
    """Estimate of runs.

    Attributes:
        found: work to do.
        parts: seconds by part of the run.
    """

    found: Found
    parts: Mapping[str, float]

    @property
    def seconds(self) -> float:
        """Seconds in all."""
        return sum(self.parts.values())

    @property
    def stages(self) -> dict[str, float]:
        """Seconds by stage of a run's timing."""
        corpus = sum(self.parts.get(part, 0.0) for part in (START, BASES, UPDATES))
        others = {
            p: self.parts[p] for p in (TRAINING, SCORING, HELD_OUT, EXPORT) if p in self.parts
        }
        return {START: corpus} | others

    @property
    def sentence(self) -> str:
        """Sentence for the user."""
        found = self.found
        nouns = {
            START: "corpus",
            BASES: _counted(found.bases, "base model"),
            UPDATES: _counted(found.updates, "update"),
            TRAINING: "training",
            SCORING: "scoring",
            HELD_OUT: "held-out updates",
            EXPORT: "export",
        }
        shown = [
            f"{noun} ({_short(self.parts[part])})"
            for part, noun in nouns.items()
            if self.parts.get(part, 0.0) >= NAMED * self.seconds
            or (part == BASES and found.bases)
            or (part == UPDATES and found.updates)
        ]
        complete = "" if found.bases or found.updates else "; the corpus is on disk"
        return f"about {_long(self.seconds)}{complete}: {', '.join(shown)}"


def estimate(
    experiments: Sequence[Experiment],
    loaded: Loaded,
    folders: Sequence[Path],
    rates: Rates | None = None,
) -> Estimate | None:
    """Estimate how long runs will take, one after the other; nothing is written.

    Args:
        experiments: their settings; corpora that they share count once.
        loaded: their data.
        folders: the folder of each run.
        rates: rates of this machine; the stored ones when None.

    Returns:
        The estimate; None if it cannot be made.
    """
    try:
        found = corpus_work(experiments, loaded)
        works = list(found.works)
        for one, folder in zip(experiments, folders, strict=True):
            works += attack_work(one, loaded, folder)
        known, parts = rates or Rates.stored(), dict[str, float]()
        for work in works:
            parts[work.part] = parts.get(work.part, 0.0) + known.seconds(work)
        return Estimate(Found(works, found.bases, found.updates), parts)
    except Exception:  # a run must not fail for want of an estimate; it says what is wrong itself
        return None


def announce(estimated: Estimate | None) -> None:
    """Print an estimate to standard error, if there is one."""
    if estimated is not None:
        tqdm.write(f"estimate: {estimated.sentence}", file=sys.stderr)


def learn(works: Sequence[Work], timing: Mapping[str, Mapping[str, Any]]) -> None:
    """Store what the works of a run took, for the estimates of later runs.

    Args:
        works: the run's.
        timing: its `timing`, by stage.
    """
    measured = {stage: float(told["seconds"]) for stage, told in timing.items()}
    parts = timing.get(START, {}).get("parts", {})
    measured |= parts
    measured[START] = measured.get(START, 0.0) - sum(parts.values())
    rates = Rates.stored()
    rates.learn(works, measured)
    rates.store()


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _long(seconds: float) -> str:
    if seconds < 55:
        return f"{max(5 * round(seconds / 5), 5)} seconds"
    if seconds < 90:
        return "a minute"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} minutes"
    hours = seconds / 3600
    return f"{hours:.1f} hours" if hours < 10 else f"{hours:.0f} hours"


def _short(seconds: float) -> str:
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
