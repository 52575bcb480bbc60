"""Benchmarks of `make bench`: run the cases, write their results and docs/PERFORMANCE.md."""

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
    """Interface of a case: a comparison of contenders that do equal work."""

    group: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def named(self) -> dict[str, Any]:
        """Columns of its row that identify the case."""

    def contenders(self, settings: Settings) -> Any:
        """Return a context manager that yields the contenders, ready to run."""


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
        quick: do a tenth of the work in 2 rounds, and print the result without saving it.
        rounds: runs of each contender, in turns.
        threads: threads of each BM-GAN process; all cores when none.
        note: text shown beside the figures, such as other load on the machine.
    """
    names = {name(case): case for case in CASES}
    groups = dict.fromkeys(case.group for case in CASES)
    known = ["all", *groups, *(one for one in names if one not in groups), "page"]
    if only not in known:
        raise UserError(f"--only of {', '.join(known)}", only)
    if rounds < 1 or (threads is not None and threads < 1):
        raise UserError("--rounds and --threads of at least 1", f"{rounds} and {threads}")
    if importlib.util.find_spec("torch") is None:
        raise UserError("torch, to compare with", "none", "Try: pip install '.[bench]'.")
    settings = Settings(2 if quick else rounds, quick, threads)
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(passing) if quick else RESULTS
        for case_name, case in names.items():
            if only in ("all", case.group, case_name):
                print(case_name, flush=True)
                write_json(folder / f"{case_name}.json", _measured(case, settings, note))
        text = page.tables(folder)
    print(text)
    if not quick:
        page.rewrite(PAGE, text)
        print(PAGE)


def name(case: Case) -> str:
    """Return the name of a case, and of its file without .json."""
    return "-".join([case.group, *map(str, case.named.values())])


def _measured(case: Case, settings: Settings, note: str) -> dict[str, object]:
    contenders: list[Contender]
    with case.contenders(settings) as contenders:
        found = alternate(contenders, settings.rounds, case.pairs)
    about = {"quick": settings.quick, "rounds": settings.rounds, "threads": settings.threads}
    whole = {"schema": SCHEMA, "group": case.group, "note": note, "machine": machine()}
    return whole | about | case.named | found
