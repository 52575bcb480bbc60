"""`make bench`: run the cases, write benchmarks/results/*.json and docs/PERFORMANCE.md."""

import importlib.util
import tempfile
from pathlib import Path
from typing import Any, Protocol

from benchmarks import page
from benchmarks.alternating import Contender, alternate
from benchmarks.gan_cases import GanCase
from benchmarks.machine import machine
from benchmarks.settings import Settings
from benchmarks.update_cases import GrowthCase, UpdateCase
from ulk_tf.errors import UserError
from ulk_tf.files import write_json

SCHEMA = 1
RESULTS, PAGE = Path("benchmarks/results"), Path("docs/PERFORMANCE.md")


class Case(Protocol):
    """A comparison of contenders that do equal work."""

    group: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def named(self) -> dict[str, Any]:
        """Name the case by the columns of its row."""

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


def run(
    only: str = "all",
    quick: bool = False,
    rounds: int = 5,
    threads: int | None = None,
    note: str = "",
) -> None:
    """Measure speed beside PyTorch: updates, BM-GAN training, growth.

    Args:
        only: updates, bm_gan or growth; one case, such as updates-lenet-100; or page, which
            rewrites the page from what was measured before.
        quick: a tenth of the work in 2 rounds, shown but not kept.
        rounds: runs of each contender; they alternate.
        threads: of each BM-GAN process; all cores when none.
        note: shown beside the figures, such as what else the machine was doing.
    """
    names = {name(case): case for case in CASES}
    groups = dict.fromkeys(case.group for case in CASES)
    known = ["all", *groups, *(own for own in names if own not in groups), "page"]
    if only not in known:
        raise UserError(f"--only of {', '.join(known)}", only)
    if rounds < 1 or (threads is not None and threads < 1):
        raise UserError("--rounds and --threads of at least 1", f"{rounds} and {threads}")
    if importlib.util.find_spec("torch") is None:
        raise UserError("torch, to compare with", "none", "Try: pip install '.[bench]'.")
    settings = Settings(2 if quick else rounds, quick, threads)
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(passing) if quick else RESULTS
        for own, case in names.items():
            if only in ("all", case.group, own):
                print(own, flush=True)
                write_json(folder / f"{own}.json", _measured(case, settings, note))
        text = page.tables(folder)
    print(text)
    if not quick:
        page.rewrite(PAGE, text)
        print(PAGE)


def name(case: Case) -> str:
    """Name a case and its file."""
    return "-".join([case.group, *map(str, case.named.values())])


def _measured(case: Case, settings: Settings, note: str) -> dict[str, object]:
    contenders: list[Contender]
    with case.contenders(settings) as contenders:
        found = alternate(contenders, settings.rounds, case.pairs)
    about = {"quick": settings.quick, "rounds": settings.rounds, "threads": settings.threads}
    whole = {"schema": SCHEMA, "group": case.group, "note": note, "machine": machine()}
    return whole | about | case.named | found
