"""Alternating runs of contenders, so that other load on the machine affects all of them equally."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Contender:
    """Contender: one implementation of the work.

    Attributes:
        name: name of the implementation.
        units: units of work in one run, such as updates.
        run: does the work; returns the peak memory of a worker so far in MiB, or None.
        warm: called once before anything is timed; `run` when None.
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
        contenders: the implementations to compare.
        rounds: runs of each.
        pairs: names of contenders; the speed of the first is divided by that of the second.

    Returns:
        runs: by contender its units, seconds of every run, median units a second, peak memory.
        ratios: for each pair the median, lowest and highest ratio of speed within a round.
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
    ratios = sorted(one / other for one, other in zip(*speeds, strict=True))
    low, middle, high = (round(value, 2) for value in (ratios[0], median(ratios), ratios[-1]))
    return {"of": pair[0], "to": pair[1], "median": middle, "low": low, "high": high}


def peak_mib() -> float | None:
    """Return the peak memory of this process in MiB; None on systems without /proc."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024, 1)
