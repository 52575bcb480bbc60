"""Recorded sweeps: what settings leave of an attack, in tables of the documents.

    python -m reproduction.sweeps runs/mnist/li/sweep-.../sweep.json updates li mnist

keeps a copy of what was measured under reproduction/results/sweeps/ and rewrites the tables of that
sweep, for each data set and attack that was recorded, and the pictures of defences. A sweep of
other sizes than its preset's is a record of its own: --sizes=4x500 names it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from textwrap import fill

from benchmarks.page import rewrite
from reproduction.glance import glance
from reproduction.quality import HOME
from ulk_tf.errors import UserError
from ulk_tf.evaluation.metrics_table import metric
from ulk_tf.files import read_json, write_json
from ulk_tf.settings import cli
from ulk_tf.settings.attack_table import ATTACKS, attack_row, listed
from ulk_tf.sweeping.choice import settings_for
from ulk_tf.sweeping.ledger import read_entries
from ulk_tf.sweeping.picture import picture
from ulk_tf.sweeping.results import Row, Sweep, result_of
from ulk_tf.sweeping.setting import Setting
from ulk_tf.sweeping.settings import SETTINGS
from ulk_tf.sweeping.table import beyond, label, over_oracle, share, table

KEPT = HOME / "reproduction" / "results" / "sweeps"
IMAGES = HOME / "docs" / "img"
# In the order of their columns.
DATASETS = ("mnist", "cifar10", "digits")


def keep(
    path: str, sweep: str, attack: str = "li", dataset: str = "mnist", sizes: str | None = None
) -> None:
    """Keep what a sweep measured, and rewrite the table of its document.

    Args:
        path: path of the sweep's file, sweep.json.
        sweep: defences, adversaries or updates.
        attack: name of the attack.
        dataset: data set that the sweep was run on.
        sizes: shadow models x updates of each, such as 4x500; None: those of the preset.
    """
    if sizes is not None and not re.fullmatch(r"[0-9]+x[0-9]+", sizes):
        raise UserError("--sizes such as 4x500", sizes)
    if sweep not in SETTINGS:
        raise UserError(f"--sweep to be one of {listed(SETTINGS)}", sweep)
    row = attack_row(attack)
    found = read_entries(Path(path))
    # One file holds all sweeps of the same sizes.
    own = {"plain", *(one.name for one in settings_for(row.name, SETTINGS[sweep]))}
    entries = {name: entry for name, entry in found.items() if name.partition(", ")[0] in own}
    name = _name(sweep, dataset, row.name, sizes or "")
    write_json(KEPT / f"{name}.json", read_json(Path(path)) | {"entries": entries})
    measured = result_of(row.name, settings_for(row.name, SETTINGS[sweep]), entries)
    if measured.plain.utility:
        picture(IMAGES / f"{name}.png", measured)
    write_pages(sweep)


def _name(*parts: str) -> str:
    """Name of a record's files; of the preset's sizes nothing is told."""
    return "_".join(filter(None, parts))


def marks(name: str) -> tuple[str, str]:
    """Return the lines around tables of that name."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def recorded(sweep: str) -> dict[tuple[str, str, str], Sweep]:
    """Read the records of a sweep.

    Args:
        sweep: a name of the table of sweeps.

    Returns:
        Results by data set, attack and sizes, which are empty where they are the preset's; in the
        order of the tables of data sets and of attacks.
    """
    found = {}
    for path in KEPT.glob(f"{sweep}_*.json"):
        _, dataset, attack, *sizes = path.stem.split("_")
        settings = settings_for(attack, SETTINGS[sweep])
        found[dataset, attack, "".join(sizes)] = result_of(attack, settings, read_entries(path))
    attacks = list(ATTACKS)

    def place(key: tuple[str, str, str]) -> tuple[int, int, str]:
        dataset, attack, sizes = key
        return DATASETS.index(dataset), attacks.index(attack), sizes

    return {key: found[key] for key in sorted(found, key=place)}


def one_by_one(sweep: str) -> str:
    """Format each record of a sweep as a table of its own, below its picture.

    Args:
        sweep: a name of the table of sweeps.
    """
    told = []
    for (dataset, attack, sizes), found in recorded(sweep).items():
        image = f"{_name(sweep, dataset, attack, sizes)}.png"
        words = f"A_{attack.upper()} on {dataset}: what leaks, and how much answers change"
        told.append(f"![{words}](img/{image})\n\nOn {dataset}. {table(found)}")
    lines = "\n\n".join(told).splitlines()
    return "\n".join(line if line.startswith(("|", "!")) else fill(line, 100) for line in lines)


def side_by_side(sweep: str) -> str:
    """Format the records of a sweep as a table an attack: a line a setting, a column a record.

    Args:
        sweep: a name of the table of sweeps.
    """
    found = recorded(sweep)
    tables = []
    for attack in ATTACKS:
        mine = {_head(key[0], key[2]): one for key, one in found.items() if key[1] == attack}
        if mine:
            title = metric(attack_row(attack).headline).title
            tables.append(_table(f"A_{attack.upper()}: {title}", mine, SETTINGS[sweep]))
    return "\n\n".join(tables)


def _table(corner: str, found: Mapping[str, Sweep], settings: Sequence[Setting]) -> str:
    heads = [corner]
    for name, one in found.items():
        heads += [name, over_oracle(one)] if one.oracle else [name]
    lines = [heads, ["---"] * len(heads)]
    lines.append(["plain", *chain.from_iterable(_told(one, one.plain) for one in found.values())])
    for setting in settings:
        rows = [one.row(setting.name) for one in found.values()]
        if any(rows):
            cells = (_told(*pair) for pair in zip(found.values(), rows, strict=True))
            lines.append([label(setting), *chain.from_iterable(cells)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _head(dataset: str, sizes: str) -> str:
    return ", ".join(filter(None, (dataset, sizes.replace("x", " x "))))


def _told(found: Sweep, row: Row | None) -> list[str]:
    """The cells of a row: its leak with the score, and what goes beyond labels."""
    if row is None:
        return ["", ""] if found.oracle else [""]
    score = f"{found.score(row.adaptive)['mean']:.3g}"
    # There is no share of a gain that was not shown.
    leak = ": ".join(filter(None, (share(found, row.adaptive), score)))
    return [leak, beyond(found, row)] if found.oracle else [leak]


def at_a_glance(sweep: str) -> str:
    """Format what chosen settings of a sweep leave of all attacks, as one table.

    Args:
        sweep: a name of the table of sweeps.
    """
    return glance(sweep, recorded(sweep))


_WHOLE, _SHORT = HOME / "docs" / "SWEEPS.md", HOME / "docs" / "THREAT_MODEL.md"
# Pages of a sweep: the file, the marks between which its tables stand, and what makes them.
PAGES: dict[str, tuple[tuple[Path, str, Callable[[str], str]], ...]] = {
    "defences": (
        (_WHOLE, "defences", one_by_one),
        (_SHORT, "defences at a glance", at_a_glance),
    ),
    "adversaries": (
        (_WHOLE, "adversaries", side_by_side),
        (_SHORT, "adversaries at a glance", at_a_glance),
    ),
    "updates": ((HOME / "docs" / "RESULTS.md", "updates", side_by_side),),
}


def write_pages(sweep: str) -> None:
    """Rewrite the tables of a sweep from what is recorded.

    Args:
        sweep: a name of the table of sweeps.
    """
    for page, name, written in PAGES[sweep]:
        rewrite(page, written(sweep), marks(name))


if __name__ == "__main__":
    cli.run(keep)
