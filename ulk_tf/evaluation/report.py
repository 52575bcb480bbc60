"""report.html: a verdict, then figures of the attack beside those of its baselines."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ulk_tf.evaluation.baselines_table import baseline
from ulk_tf.evaluation.compared import by_baseline, key_of
from ulk_tf.evaluation.knowledge import is_insider, sentences
from ulk_tf.evaluation.metrics_table import MetricRow, metric
from ulk_tf.evaluation.report_page import (
    collapsible,
    escape,
    figure,
    listing,
    number,
    page,
    paragraph,
    section,
)
from ulk_tf.evaluation.stages import stage_rows
from ulk_tf.evaluation.verdict import verdict
from ulk_tf.evaluation.wording import attack_name, threat
from ulk_tf.files import write_text
from ulk_tf.settings.attack_table import ATTACKS

# Keys of the results that are shown as closed tables, in this order.
DETAILS = {
    "Configuration": "config",
    "Training and updates": "procedures",
    "Base models": "base_models",
    "Environment": "environment",
}


def write_report(path: Path, results: Mapping[str, Any], figures: Mapping[str, Path]) -> None:
    """Write a page that needs nothing but itself.

    Args:
        path: path of the HTML file.
        results: as `evaluation.results` describes; keys may be missing. `base_models`
            (accuracies) may be there.
        figures: PNG files by caption; they are put into the page.
    """
    write_text(path, render(results, figures))


def render(results: Mapping[str, Any], figures: Mapping[str, Path]) -> str:
    """The page that `write_report` writes."""
    attack, dataset = attack_name(str(results["attack"])), str(results["dataset"])
    parts = [
        f"<header><h1>{escape(attack)}</h1>",
        paragraph(f"Data set: {dataset}", "muted"),
        paragraph(verdict(results).sentence, "headline"),
        paragraph(headline(results)),
        "</header>",
        section("Warnings", listing(results.get("warnings") or ())),
        section("Results", scores(results)),
        section("What is a good value?", _good_values(results)),
        section("Pictures", *(figure(caption, png) for caption, png in figures.items())),
        section(
            "Threat model",
            paragraph(threat(results.get("config") or {}, is_insider(results))),
            paragraph(" ".join(sentences(results))),
        ),
        section(
            "What the export holds",
            paragraph(held(str(results["attack"]), is_insider(results))),
        ),
        section("Where the time went", _time(results.get("timing") or {})),
        section(
            "How it was made",
            *(collapsible(title, results.get(key) or {}) for title, key in DETAILS.items()),
        ),
    ]
    return page(f"{attack}, {dataset}", parts)


def held(attack: str, insider: bool = False) -> str:
    """Say what an export of an attack holds of anybody's data.

    Args:
        attack: its name.
        insider: True if it was trained on the owner's base model and with the owner's samples.
    """
    holds = ATTACKS[attack].holds if attack in ATTACKS else ""
    also = f", and {holds}" if holds else ", and nothing else of anybody's samples"
    text = (
        "The exported attack holds the samples of the probing set, with which a target is asked"
        f"{also}. Its weights were learned from the adversary's samples."
    )
    if not insider:
        return text
    text = text.replace("the adversary's samples", "the owner's samples")
    return f"{text} It is an insider's: give it to nobody who may not have the owner's samples."


def headline(results: Mapping[str, Any], metrics: Sequence[str] = ()) -> str:
    """Metrics beside their baselines, a sentence each; empty without metrics.

    Args:
        results: with `metrics` and `baselines`.
        metrics: names of metrics; those that were not measured are left out. The first metric
            where none was.
    """
    known = results["metrics"]
    named = [name for name in metrics if name in known] or list(known)[:1]
    said_of = []
    for name in named:
        own = known[name]
        said = metric(name)
        places = _decimals(own["mean"])
        others = [
            f"{baseline(other).title.lower()} {number(value['mean'], places)}"
            for other, value in by_baseline(results.get("baselines") or {}, name).items()
        ]
        compared = f"; beside it {', '.join(others)}" if others else ""
        mean, low, high = (number(own[key], places) for key in ("mean", "low", "high"))
        span = f"{low} to {high}"
        said_of.append(f"{said.title} {mean} (95% interval {span}){compared}.")
    return " ".join(said_of)


def scores(results: Mapping[str, Any]) -> str:
    """The table: each metric, its baselines, the published figure, and the gain over each.

    Args:
        results: with `metrics`, `baselines` and `gains` (named `<metric>:<baseline>`), and
            `published`.
    """
    rows = []
    gains = results.get("gains") or {}
    for name, own in results["metrics"].items():
        said, places = metric(name), _decimals(own["mean"])
        rows.append(_row("own", said.title, "", _estimate(own, places), ""))
        for other, value in by_baseline(results.get("baselines") or {}, name).items():
            gain = _gain(said, own, value, gains.get(key_of(name, other)))
            row = baseline(other)
            rows.append(_row("other", row.title, row.what, _estimate(value, places), gain))
        known = results.get("published", {}).get(name)
        if known:
            source = str(known.get("source", ""))
            rows.append(_row("other", "Published", source, f"{known['value']:.6g}", ""))
    if not rows:
        return ""
    return (
        f'<table class="scores"><caption>{escape(_counted(results))}</caption><thead><tr><th></th>'
        '<th class="number">mean<br>95% interval</th><th class="number">gain of the<br>attack</th>'
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _row(kind: str, name: str, what: str, value: str, gain: str) -> str:
    small = f"<small>{escape(what)}</small>" if what else ""
    return (
        f'<tr class="{kind}"><th scope="row">{escape(name)}{small}</th>'
        f'<td class="number">{value}</td><td class="number">{gain}</td></tr>'
    )


def _decimals(value: float) -> int:
    """Decimals of a metric and of all that is compared with it: three digits that count."""
    if not math.isfinite(value) or 0.1 <= abs(value) < 1 or not value:
        return 4
    return min(max(2 - math.floor(math.log10(abs(value))), 0), 8)


def _estimate(value: Mapping[str, Any], places: int) -> str:
    mean, low, high = (number(value[key], places) for key in ("mean", "low", "high"))
    return f"{mean}<small>{low} to {high}</small>"


def _gain(
    said: MetricRow,
    own: Mapping[str, float],
    other: Mapping[str, float],
    paired: Mapping[str, float] | None,
) -> str:
    """Show the gain over a baseline: relative where less is better, else the difference.

    It is coloured only where chance does not explain it: the paired interval excludes zero or,
    without one, the two intervals do not overlap.
    """
    if said.less_is_better and not other["mean"]:
        return ""
    show = _percent if said.less_is_better else _signed
    gain = own["mean"] - other["mean"]
    if said.less_is_better:
        gain = -gain / other["mean"]
    apart = own["low"] > other["high"] or own["high"] < other["low"]
    if paired:
        gain = paired["mean"]
        apart = paired["low"] > 0 or paired["high"] < 0
    words = show(gain)
    if paired:
        words += f"<small>{show(paired['low'])} to {show(paired['high'])}</small>"
    kind = ("good" if gain > 0 else "bad") if apart else "unclear"
    return f'<span class="{kind}">{words}</span>'


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


def _percent(value: float) -> str:
    return f"{100 * value:+.1f}%".replace("-", "−")


def _counted(results: Mapping[str, Any]) -> str:
    counts = sorted({int(value["n"]) for value in results["metrics"].values()})
    over = " to ".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))
    return (
        f"Over {over} target updates that the attack has never seen. Gain: by how much the attack "
        "is better than the line's baseline; a percentage where less is better, a difference "
        "otherwise; in colour where chance does not explain it."
    )


def _time(timing: Mapping[str, Any]) -> str:
    """Show the stages of the run: seconds, what was estimated, what was found on disk."""
    if not timing:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="number">{escape(took)}</td>'
        f'<td class="number">{escape(guessed)}</td><td>{escape(reused)}</td></tr>'
        for name, took, guessed, reused in stage_rows(timing)
    )
    return (
        '<table><thead><tr><th>stage</th><th class="number">seconds</th>'
        '<th class="number">estimated</th><th>found on disk</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _good_values(results: Mapping[str, Any]) -> str:
    items = [
        f"<dt>{escape(said.title)}</dt><dd>{escape(said.good)}</dd>"
        for said in map(metric, results["metrics"])
        if said.good
    ]
    return f"<dl>{''.join(items)}</dl>" if items else ""
