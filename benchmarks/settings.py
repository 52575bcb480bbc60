"""Settings of the benchmarks: how much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Settings of a run of the benchmarks.

    Attributes:
        rounds: runs of each contender.
        quick: a tenth of the work, to see that everything works.
        threads: of each BM-GAN process; all cores when None.
    """

    rounds: int
    quick: bool
    threads: int | None

    def some(self, units: int, at_least: int) -> int:
        """The work of a run: `units`, or a tenth of them, but never under `at_least`."""
        return max(units // 10, at_least) if self.quick else units
