"""Tables of docs/PERFORMANCE.md, made from the results on disk."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ulk_tf.errors import UserError
from ulk_tf.files import read_json, write_text

BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
TARGETS = {"mnist_cnn": "MNIST", "lenet": "CIFAR-10"}
Result = dict[str, Any]


def tables(folder: Path) -> str:
    """Format the results in a folder as Markdown tables.

    Args:
        folder: the folder of JSON files.
    """
    results = [read_json(path) for path in sorted(folder.glob("*.json"))]
    # Some groups have no target or set size.
    results.sort(key=lambda r: (r.get("target") != "mnist_cnn", r.get("set_size", 0)))
    writers = {"experiment": _experiment, "updates": _updates, "bm_gan": _bm_gan, "growth": _growth}
    groups = {name: [r for r in results if r["group"] == name] for name in writers}
    return "\n".join(writers[name](group) for name, group in groups.items() if group)


def rewrite(page: Path, text: str, marks: tuple[str, str] = (BEGIN, END)) -> None:
    """Replace the text between the marks of a page with tables.

    Args:
        page: a Markdown file.
        text: the tables.
        marks: lines before and after them.

    Raises:
        UserError: the page has no marks.
    """
    first, last = marks
    before, begin, rest = page.read_text(encoding="utf-8").partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise UserError(f"{page} with the marks {first} and {last}", "one without")
    write_text(page, f"{before}{first}\n{text}\n{last}{after}")


def _experiment(results: list[Result]) -> str:
    (case,) = results
    rows = [
        (name, f"{stage['ours']:.1f} s", f"{stage['torch']:.1f} s", _ratio(stage))
        for name, stage in case["stages"].items()
    ]
    ours, other = (f"{case['kl'][side]:.5f}" for side in ("ours", "torch"))
    rows.append(("KL divergence of the attack", ours, other, ""))
    header = ("stage", "ours", "PyTorch", "ratio")
    return _section("A_LDE on MNIST, published sizes, from nothing", results, header, rows)


def _updates(results: list[Result]) -> str:
    header = (
        "target",
        "set size",
        "ours",
        "PyTorch, probing set",
        "PyTorch, whole test set",
        "against the probing set",
        "against the whole test set",
        "memory of a worker",
    )
    rows = []
    for case in results:
        runs = case["runs"]
        ours = runs["ours"]
        speeds = [_number(run["per_second"]) for run in runs.values()]
        ratios = [_ratio(ratio) for ratio in case["ratios"]]
        rows.append(
            (
                TARGETS[case["target"]],
                str(case["set_size"]),
                *speeds,
                *ratios,
                f"{ours['peak_mib']:.0f} MiB" if ours["peak_mib"] else "",
            )
        )
    return _section("Updates a second", results, header, rows)


def _bm_gan(results: list[Result]) -> str:
    (case,) = results
    rows = [(name, _number(run["per_second"])) for name, run in case["runs"].items()]
    speeds = _section(
        "BM-GAN training, updating sets a second", results, ("way", "sets a second"), rows
    )
    ratios = [(r["of"], r["to"], _ratio(r)) for r in case["ratios"]]
    return f"{speeds}\n{_table(('speed of', 'divided by that of', 'ratio'), ratios)}\n"


def _growth(results: list[Result]) -> str:
    (case,) = results
    rows = [
        (
            f"{run['units']:,}",
            f"{run['units'] / run['per_second']:.1f} s",
            _number(run["per_second"]),
            f"{run['peak_mib']:.0f} MiB" if run["peak_mib"] else "",
        )
        for run in case["runs"].values()
    ]
    header = ("updates", "time", "updates a second", "memory of a worker")
    return _section("Growth", results, header, rows)


def _section(
    title: str, results: list[Result], header: Sequence[str], rows: Sequence[Sequence[str]]
) -> str:
    # Cases can be measured on different days: each distinct description is shown once.
    about = "\n".join(dict.fromkeys(_about(result) for result in results))
    return f"### {title}\n\n{about}\n\n{_table(header, rows)}\n"


def _about(result: Result) -> str:
    """Describe the machine, the date and the settings of a measurement."""
    place, threads = result["machine"], result["threads"]
    flags = "".join(f", {flag}" for flag in place["instructions"])
    versions = ", ".join(f"{name} {number}" for name, number in place["versions"].items())
    parts = [f"{place['date']}; {place['cpu']}, {place['cores']} cores{flags}; {versions}"]
    parts.append(f"{result['rounds']} round{'s' if result['rounds'] > 1 else ''}")
    if threads and result["group"] == "bm_gan":
        parts.append(f"{threads} thread(s) each")
    quick = " **A quick run: too short to quote.**" if result["quick"] else ""
    noted = f" **{result['note']}**" if result["note"] else ""
    return f"{'; '.join(parts)}.{quick}{noted}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _ratio(ratio: dict[str, Any]) -> str:
    """Format a ratio: its median, and the lowest and highest of the rounds."""
    return f"**{_number(ratio['median'])}x** ({_number(ratio['low'])}-{_number(ratio['high'])})"
