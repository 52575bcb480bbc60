"""Stages of a run: how long each took, and what it found on disk already."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Stages:
    """Stages as they pass.

    Attributes:
        timing: by stage, `seconds`, `reused` where something was found on disk, `parts` (seconds
            by name) of the corpus, and `estimated`, the seconds that were expected.
    """

    def __init__(self) -> None:
        self.timing: dict[str, dict[str, Any]] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[dict[str, Any]]:
        """Time a stage.

        Args:
            name: for people.

        Yields:
            What is told about it; `reused`, a noun phrase, may be added.
        """
        told: dict[str, Any] = {}
        start = time.perf_counter()
        yield told
        self.timing[name] = {"seconds": round(time.perf_counter() - start, 2)} | told


def seconds(timing: Mapping[str, Mapping[str, Any]]) -> float:
    """Seconds of all stages."""
    return float(sum(stage["seconds"] for stage in timing.values()))


def stage_lines(timing: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each stage, for people."""
    return [
        f"{name}: {stage['seconds']:.1f} s"
        + _parts(stage)
        + (f" (found on disk: {stage['reused']})" if stage.get("reused") else "")
        for name, stage in timing.items()
    ]


def stage_rows(timing: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """List stage, seconds, estimated seconds and what was found on disk, in words."""
    rows = []
    for name, stage in timing.items():
        estimated = stage.get("estimated")
        before = "" if estimated is None else f"{estimated:.1f}"
        rows.append((name, f"{stage['seconds']:.1f}", before, str(stage.get("reused", ""))))
        rows += [(f"of it {p}", f"{s:.1f}", "", "") for p, s in stage.get("parts", {}).items()]
    guessed = [stage["estimated"] for stage in timing.values() if "estimated" in stage]
    together = f"{sum(guessed):.1f}" if guessed else ""
    return [*rows, ("together", f"{seconds(timing):.1f}", together, "")]


def _parts(stage: Mapping[str, Any]) -> str:
    parts = [f"{name} {took:.1f} s" for name, took in stage.get("parts", {}).items()]
    return f" ({', '.join(parts)})" if parts else ""
