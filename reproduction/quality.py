"""Tables of docs/RESULTS.md: attacks beside published figures and trivial baselines.

    python -m reproduction.quality runs/mnist/msr/default-.../results.json ...

keeps copies of results under reproduction/results/quality/ and rewrites the tables from all of
them.
"""

import re
import sys
from pathlib import Path

from benchmarks.page import rewrite
from reproduction import wording
from reproduction.headlines import headlines
from ulk_tf.errors import UserError
from ulk_tf.evaluation.baselines_table import baseline
from ulk_tf.evaluation.compared import by_baseline
from ulk_tf.evaluation.results import Results, read_results, write_results
from ulk_tf.evaluation.stages import seconds
from ulk_tf.settings.attack_table import ATTACKS
from ulk_tf.settings.presets import flags_of

HOME = Path(__file__).parent.parent
KEPT = HOME / "reproduction" / "results" / "quality"
PAGE = HOME / "docs" / "RESULTS.md"
HEADLINES = "<!-- headlines: begin -->", "<!-- headlines: end -->"
DATASETS = ("digits", "mnist", "cifar10")


def figures(result: Results) -> list[str]:
    """Return the figures to show: metrics, and gains as `<metric>:<baseline>`."""
    row = ATTACKS.get(result["attack"])
    wanted = row.figures if row and row.figures else tuple(result["metrics"])
    return [name for name in wanted if name in result["metrics"] or name in result["gains"]]


def estimate(result: Results, name: str) -> dict[str, float]:
    """Return the estimate of one of `figures`."""
    value: dict[str, float] = (result["gains"] if ":" in name else result["metrics"])[name]
    return value


def command(result: Results) -> str:
    """Return the command that repeats a run, with every flag that its preset does not set.

    Args:
        result: the run's results.json.
    """
    flags = flags_of(result["config"])
    typed = "".join(f" --{name}={value}" for name, value in flags.items())
    return f"python -m trainers.{result['attack']}{typed}"


def name_of(result: Results) -> str:
    """Return the file name of a result: attack, data set and flags that its preset does not set."""
    words = command(result).removeprefix("python -m trainers.").replace("--dataset=", "")
    # Some file systems know no colon.
    return re.sub("[=:]", "-", re.sub(" --|[ ,]", "_", words)) + ".json"


def keep(paths: list[Path]) -> None:
    """Copy results into the repository.

    Args:
        paths: of results.json files.
    """
    for path in paths:
        result = read_results(path)
        # Folders do not affect a figure, and are private.
        result["config"]["folders"], result["export"] = {}, ""
        write_results(KEPT / name_of(result), result)


def recorded() -> list[Results]:
    """Read all kept results, by data set, then by attack."""
    results = [read_results(path) for path in sorted(KEPT.glob("*.json"))]
    if not results:
        raise UserError(f"results in {KEPT}", "none", "Name results.json files to keep.")
    attacks = list(ATTACKS)
    results.sort(key=lambda one: (_place(one), attacks.index(one["attack"])))
    return results


def table() -> str:
    """Format all kept results as Markdown."""
    return "\n".join(_section(result) for result in recorded())


def write_page(page: Path) -> None:
    """Rewrite both tables of a page.

    Args:
        page: docs/RESULTS.md.
    """
    attacks, results = list(ATTACKS), recorded()
    results.sort(key=lambda one: (attacks.index(one["attack"]), _place(one)))
    rewrite(page, headlines(results), HEADLINES)
    rewrite(page, table())


def _place(result: Results) -> int:
    name = result["dataset"]
    return DATASETS.index(name) if name in DATASETS else len(DATASETS)


def _section(result: Results) -> str:
    owner = result["config"]["owner"]
    update, label_skew = owner["update"], owner["data"]["label_skew"]
    skew = "independent" if label_skew is None else f"Dirichlet {label_skew:g}"
    minutes = seconds(result["timing"]) / 60
    bases = result["config"]["counts"]["target_bases"]
    lines = [
        f"### {result['dataset']}, A_{result['attack'].upper()}, sets of {update['set_size']}"
        + ("" if update["set_size"] == 1 else f", {skew}"),
        "",
        f"`{command(result)}` (seed {result['config']['seed']}, {minutes:.0f} min, "
        f"{bases} target bases)",
        "",
        "| figure | attack | 95% interval | baselines | published |",
        "|---|---|---|---|---|",
    ]
    lines += [_row(result, name) for name in figures(result)]
    return "\n".join([*lines, ""])


def _row(result: Results, name: str) -> str:
    own = estimate(result, name)
    others = [
        f"{baseline(key).title.lower()} {wording.show(name, value['mean'])}"
        for key, value in by_baseline(result["baselines"], name).items()
    ]
    known = result["published"].get(name)
    published = f"{wording.show(name, known['value'])} ({known['source']})" if known else ""
    interval = f"{wording.show(name, own['low'])} to {wording.show(name, own['high'])}"
    cells = [
        wording.title(name),
        f"**{wording.show(name, own['mean'])}**",
        interval,
        ", ".join(others),
        published,
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    keep([Path(argument) for argument in sys.argv[1:]])
    write_page(PAGE)
