"""Settings of the benchmarks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Settings of a run of the benchmarks.

    Attributes:
        rounds: runs of each contender.
        quick: True for a tenth of the work, to test the benchmarks themselves.
        threads: threads of each BM-GAN process; all cores when None.
    """

    rounds: int
    quick: bool
    threads: int | None

    def some(self, units: int, at_least: int) -> int:
        """Return the units of a run: `units`, or with `quick` a tenth, but at least `at_least`."""
        return max(units // 10, at_least) if self.quick else units
