"""Stages of a run: how long each took, and what it found on disk already."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Stages:
    """Stages as they pass.

    Attributes:
        timing: by stage, `seconds`, and `reused` where something was found on disk.
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
        + (f" (found on disk: {stage['reused']})" if stage.get("reused") else "")
        for name, stage in timing.items()
    ]
