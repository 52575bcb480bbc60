"""Recorded sweeps: what settings leave of an attack, in tables of the documents.

    python -m reproduction.sweeps runs/mnist/li/sweep-.../sweep.json updates li mnist

keeps a copy of what was measured under reproduction/results/sweeps/ and rewrites the tables of that
sweep, for each data set and attack that was recorded.
"""

from collections.abc import Callable
from pathlib import Path
from textwrap import fill

from benchmarks.page import rewrite
from reproduction.quality import HOME
from ulk_tf.errors import UserError
from ulk_tf.evaluation.metrics_table import metric
from ulk_tf.files import read_json, write_json
from ulk_tf.settings import cli
from ulk_tf.settings.attack_table import ATTACKS, attack_row, listed
from ulk_tf.sweeping.ledger import read_entries
from ulk_tf.sweeping.results import Row, Sweep, result_of
from ulk_tf.sweeping.settings import SETTINGS, settings_for
from ulk_tf.sweeping.table import label, share, table

KEPT = HOME / "reproduction" / "results" / "sweeps"


def keep(path: str, sweep: str, attack: str = "li", dataset: str = "mnist") -> None:
    """Keep what a sweep measured, and rewrite the table of its document.

    Args:
        path: path of the sweep's file, sweep.json.
        sweep: defences, adversaries or updates.
        attack: name of the attack.
        dataset: data set that the sweep was run on.
    """
    if sweep not in SETTINGS:
        raise UserError(f"--sweep to be one of {listed(SETTINGS)}", sweep)
    row = attack_row(attack)
    found = read_entries(Path(path))
    # One file holds all sweeps of the same sizes.
    own = {"plain", *(one.name for one in settings_for(row.name, SETTINGS[sweep]))}
    entries = {name: entry for name, entry in found.items() if name.partition(", ")[0] in own}
    target = KEPT / f"{sweep}_{dataset}_{row.name}.json"
    write_json(target, read_json(Path(path)) | {"entries": entries})
    page, written = PAGES[sweep]
    rewrite(page, written(sweep), marks(sweep))


def marks(sweep: str) -> tuple[str, str]:
    """Return the lines around the tables of a sweep."""
    return f"<!-- {sweep}: begin -->", f"<!-- {sweep}: end -->"


def recorded(sweep: str) -> dict[tuple[str, str], Sweep]:
    """Read the records of a sweep.

    Args:
        sweep: a name of the table of sweeps.

    Returns:
        Results by data set and attack; the larger data set first, attacks in the order of their
        table.
    """
    found = {}
    for path in KEPT.glob(f"{sweep}_*.json"):
        _, dataset, attack = path.stem.split("_")
        settings = settings_for(attack, SETTINGS[sweep])
        found[dataset, attack] = result_of(attack, settings, read_entries(path))
    order = {name: number for number, name in enumerate(ATTACKS)}
    return dict(sorted(found.items(), key=lambda one: (one[0][0] != "mnist", order[one[0][1]])))


def one_by_one(sweep: str) -> str:
    """Format each record of a sweep as a table of its own.

    Args:
        sweep: a name of the table of sweeps.
    """
    told = [f"On {dataset}. {table(found)}" for (dataset, _), found in recorded(sweep).items()]
    lines = "\n\n".join(told).splitlines()
    return "\n".join(line if line.startswith("|") else fill(line, 100) for line in lines)


def side_by_side(sweep: str) -> str:
    """Format the records of a sweep as one table: a line a setting, a column a record.

    Args:
        sweep: a name of the table of sweeps.
    """
    found = recorded(sweep)
    heads = [f"{dataset}, A_{attack.upper()}" for dataset, attack in found]
    lines = [["setting", *heads], ["---"] * (1 + len(heads))]
    lines.append(["plain", *map(_plain, found.values())])
    for setting in SETTINGS[sweep]:
        rows = [_row(one, setting.name) for one in found.values()]
        if any(rows):
            cells = [_leak(*pair) for pair in zip(found.values(), rows, strict=True)]
            lines.append([label(setting), *cells])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _row(found: Sweep, name: str) -> Row | None:
    return next((row for row in found.rows if row.setting.name == name), None)


def _plain(found: Sweep) -> str:
    title = metric(attack_row(found.attack).headline).title.lower()
    return f"{share(found, found.plain.adaptive)}: {title} {_score(found, found.plain)}"


def _leak(found: Sweep, row: Row | None) -> str:
    return f"{share(found, row.adaptive)}: {_score(found, row)}" if row else ""


def _score(found: Sweep, row: Row) -> str:
    return format(found.score(row.adaptive)["mean"], ".3g")


PAGES: dict[str, tuple[Path, Callable[[str], str]]] = {
    "defences": (HOME / "docs" / "THREAT_MODEL.md", one_by_one),
    "adversaries": (HOME / "docs" / "THREAT_MODEL.md", side_by_side),
    "updates": (HOME / "docs" / "RESULTS.md", side_by_side),
}

if __name__ == "__main__":
    cli.run(keep)
