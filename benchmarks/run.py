"""`make bench`: run the cases, write benchmarks/results/*.json and docs/PERFORMANCE.md."""

import importlib.util
from pathlib import Path
from typing import Any, Literal, Protocol

from benchmarks import page
from benchmarks.alternating import Contender, alternate
from benchmarks.gan_cases import GanCase
from benchmarks.settings import Settings
from benchmarks.update_cases import GrowthCase, UpdateCase
from ulk_tf.errors import UserError
from ulk_tf.files import write_json

SCHEMA = 1
RESULTS, PAGE = Path("benchmarks/results"), Path("docs/PERFORMANCE.md")
QUICK_RESULTS = Path("runs/benchmarks")


class Case(Protocol):
    """A comparison of contenders that do equal work."""

    group: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def named(self) -> dict[str, Any]:
        """What the case is, by what is shown in its row."""

    def contenders(self, settings: Settings) -> Any:
        """A context manager that yields the contenders, ready to run."""


CASES: tuple[Case, ...] = (
    UpdateCase("mnist_cnn", 1),
    UpdateCase("mnist_cnn", 10),
    UpdateCase("mnist_cnn", 100),
    UpdateCase("lenet", 1),
    UpdateCase("lenet", 10),
    UpdateCase("lenet", 100),
    GanCase(),
    GrowthCase(),
)
Group = Literal["all", "updates", "bm_gan", "growth", "page"]


def run(
    only: Group = "all",
    quick: bool = False,
    rounds: int = 5,
    threads: int | None = None,
    note: str = "",
) -> None:
    """Measure speed beside PyTorch: updates, BM-GAN training, growth.

    Args:
        only: one group of cases; page rewrites the page from what was measured before.
        quick: a tenth of the work in 2 rounds, shown but not written to docs/PERFORMANCE.md.
        rounds: runs of each contender; they alternate.
        threads: of each BM-GAN process; all cores when none.
        note: shown beside the figures, such as what else the machine was doing.
    """
    if rounds < 1 or (threads is not None and threads < 1):
        raise UserError("--rounds and --threads of at least 1", f"{rounds} and {threads}")
    if importlib.util.find_spec("torch") is None:
        raise UserError("torch, to compare with", "none", "Try: pip install '.[bench]'.")
    settings = Settings(2 if quick else rounds, quick, threads)
    folder = QUICK_RESULTS if quick else RESULTS
    for group in dict.fromkeys(case.group for case in CASES if only in ("all", case.group)):
        _measure(group, settings, note, folder / f"{group}.json")
    text = page.tables(folder)
    print(text)
    if not quick:
        page.rewrite(PAGE, text)
        print(PAGE)


def _measure(group: str, settings: Settings, note: str, path: Path) -> None:
    """Run the cases of a group and write their file; no case is written without the others."""
    from benchmarks.machine import machine  # noqa: PLC0415 - only now do versions matter

    cases = []
    for case in (case for case in CASES if case.group == group):
        print(f"{group}: {', '.join(f'{k} {v}' for k, v in case.named.items())}", flush=True)
        contenders: list[Contender]
        with case.contenders(settings) as contenders:
            found = alternate(contenders, settings.rounds, case.pairs)
        cases.append(case.named | found)
    about = {"quick": settings.quick, "rounds": settings.rounds, "threads": settings.threads}
    result = {"schema": SCHEMA, "machine": machine()} | about | {"note": note, "cases": cases}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, result)
