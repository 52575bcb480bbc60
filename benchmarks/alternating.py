"""Contenders that do equal work in turns, so that a busy machine is unfair to nobody."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Contender:
    """One way of doing the work.

    Attributes:
        name: of the way.
        units: of work in one run, such as updates.
        run: does `units` of work; answers the peak memory of a worker so far in MiB, or None.
        warm: run once before anything is timed; `run` when None.
    """

    name: str
    units: int
    run: Callable[[], float | None]
    warm: Callable[[], object] | None = None


def alternate(
    contenders: Sequence[Contender], rounds: int, pairs: Sequence[tuple[str, str]]
) -> dict[str, object]:
    """Run contenders in turns, every second round in the opposite order.

    Args:
        contenders: who take part.
        rounds: runs of each.
        pairs: whose speeds are divided by whose.

    Returns:
        runs: by contender its units, seconds of every run, median units a second, peak memory.
        ratios: for each pair median, lowest and highest of the rounds' own ratios of speed.
    """
    for contender in contenders:
        (contender.warm or contender.run)()
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    peaks: dict[str, float | None] = {}
    for number in range(rounds):
        for contender in contenders if number % 2 == 0 else contenders[::-1]:
            start = time.perf_counter()
            peaks[contender.name] = contender.run()
            seconds[contender.name].append(time.perf_counter() - start)
    units = {contender.name: contender.units for contender in contenders}
    runs = {
        name: {
            "units": units[name],
            "seconds": [round(value, 4) for value in values],
            "per_second": round(units[name] / median(values), 2),
            "peak_mib": peaks[name],
        }
        for name, values in seconds.items()
    }
    return {"runs": runs, "ratios": [_ratio(pair, units, seconds) for pair in pairs]}


def _ratio(
    pair: tuple[str, str], units: dict[str, int], seconds: dict[str, list[float]]
) -> dict[str, object]:
    speeds = [[units[name] / value for value in seconds[name]] for name in pair]
    found = sorted(one / other for one, other in zip(*speeds, strict=True))
    low, middle, high = (round(value, 2) for value in (found[0], median(found), found[-1]))
    return {"of": pair[0], "to": pair[1], "median": middle, "low": low, "high": high}


def peak_mib() -> float | None:
    """The most memory that this process ever held, in MiB; None where Linux does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024, 1)
