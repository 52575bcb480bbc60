"""Cases of updates run in their small size: both sides compute, and a ratio is found."""

import pytest

pytest.importorskip("torch", reason="make torch brings it")

from benchmarks.alternating import alternate
from benchmarks.settings import Settings
from benchmarks.update_cases import GrowthCase, UpdateCase


@pytest.mark.slow
@pytest.mark.parametrize("case", [UpdateCase("mnist_cnn", 1), GrowthCase()])
def test_a_case_of_updates_runs(case: UpdateCase | GrowthCase) -> None:
    settings = Settings(rounds=1, quick=True, threads=None)
    with case.contenders(settings) as contenders:
        found = alternate(contenders, settings.rounds, case.pairs)
    assert len(found["ratios"]) == len(case.pairs)
    assert all(ratio["median"] > 0 for ratio in found["ratios"])
    assert all(run["per_second"] > 1 for run in found["runs"].values())
