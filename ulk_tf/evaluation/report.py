"""report.html: what the update gave away, beside what would have been known without it."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
from ulk_tf.evaluation.wording import THREAT, Wording, attack_name, baseline, metric
from ulk_tf.files import write_text

# Keys of the results that are shown as closed tables, in this order.
DETAILS = {
    "Configuration": "config",
    "Base models": "base_models",
    "Environment": "environment",
    "Timing": "timing",
}


def write_report(path: Path, results: Mapping[str, Any], figures: Mapping[str, Path]) -> None:
    """Write a page that needs nothing but itself.

    Args:
        path: of the HTML file.
        results: as in results.json; `headline` (a sentence) and `notes` (sentences) may be there.
        figures: PNG files by caption; they are put into the page.
    """
    write_text(path, render(results, figures))


def render(results: Mapping[str, Any], figures: Mapping[str, Path]) -> str:
    """The page that `write_report` writes."""
    attack, dataset = attack_name(str(results["attack"])), str(results["dataset"])
    parts = [
        f"<header><h1>{escape(attack)}</h1>",
        paragraph(f"Data set: {dataset}", "muted"),
        paragraph(str(results.get("headline") or headline(results)), "headline"),
        "</header>",
        section("Results", scores(results), listing(results.get("notes", ()))),
        section("What is a good value?", _good_values(results)),
        section("Pictures", *(figure(caption, png) for caption, png in figures.items())),
        section("Threat model", paragraph(THREAT)),
        section(
            "How it was made",
            *(collapsible(title, results.get(key) or {}) for title, key in DETAILS.items()),
        ),
    ]
    return page(f"{attack}, {dataset}", parts)


def headline(results: Mapping[str, Any]) -> str:
    """The first metric beside its baselines, in one sentence; empty without metrics."""
    for name, own in results["metrics"].items():
        said = metric(name)
        places = _decimals(own["mean"])
        others = [
            f"{baseline(other)[0].lower()} {number(value['mean'], places)}"
            for other, value in _baselines(results, name).items()
        ]
        beside = f"; beside it {', '.join(others)}" if others else ""
        mean, low, high = (number(own[key], places) for key in ("mean", "low", "high"))
        span = f"{low} to {high}"
        return f"{said.name} {mean} (95% interval {span}){beside}."
    return ""


def scores(results: Mapping[str, Any]) -> str:
    """The table: each metric, its baselines, the published figure, and the gain over each.

    Args:
        results: with `metrics`, `baselines` (named `<metric>:<baseline>`) and `published`.
    """
    rows = []
    gains = _paired_gains(results)
    for name, own in results["metrics"].items():
        if name in gains.values():
            continue
        said, places = metric(name), _decimals(own["mean"])
        rows.append(_row("own", said.name, "", _estimate(own, said, places), ""))
        for other, value in _baselines(results, name).items():
            paired = results["metrics"].get(gains.get((name, other)))
            gain = _gain(said, own, value, paired)
            rows.append(_row("other", *baseline(other), _estimate(value, said, places), gain))
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


def _baselines(results: Mapping[str, Any], name: str) -> dict[str, Mapping[str, Any]]:
    """The baselines of a metric."""
    pairs = ((key.partition(":"), value) for key, value in results.get("baselines", {}).items())
    return {other: value for (own, _, other), value in pairs if own == name}


def _paired_gains(results: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """The metric that is the gain over a baseline, with its interval: by metric and baseline.

    Its name does not say of which metric it is the gain; its value does.
    """
    found = {}
    metrics = results["metrics"]
    for name, own in metrics.items():
        if not metric(name).less_is_better:
            continue
        for other, value in _baselines(results, name).items():
            for gain, estimate in metrics.items():
                relative = 1 - own["mean"] / value["mean"] if value["mean"] else math.nan
                if gain.startswith(f"gain_over_{other}") and math.isclose(
                    estimate["mean"], relative, rel_tol=1e-6, abs_tol=1e-9
                ):
                    found[name, other] = gain
    return found


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


def _estimate(value: Mapping[str, Any], said: Wording, places: int) -> str:
    mean, low, high = (
        _percent(value[key]) if said.share else number(value[key], places)
        for key in ("mean", "low", "high")
    )
    return f"{mean}<small>{low} to {high}</small>"


def _gain(
    said: Wording,
    own: Mapping[str, float],
    other: Mapping[str, float],
    paired: Mapping[str, float] | None,
) -> str:
    """How far the attack is ahead: relative where less is better, else the difference.

    It is coloured only where chance does not explain it: where the paired interval leaves zero
    out or, without one, where the two intervals have nothing in common.
    """
    if said.less_is_better and not other["mean"]:
        return ""
    gain = own["mean"] - other["mean"]
    words = f"{gain:+.3f}".replace("-", "−")
    if said.less_is_better:
        gain = -gain
        words = _percent(gain / other["mean"])
    apart = own["low"] > other["high"] or own["high"] < other["low"]
    if paired:
        apart = paired["low"] > 0 or paired["high"] < 0
        words += f"<small>{_percent(paired['low'])} to {_percent(paired['high'])}</small>"
    kind = ("good" if gain > 0 else "bad") if apart else "unclear"
    return f'<span class="{kind}">{words}</span>'


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


def _good_values(results: Mapping[str, Any]) -> str:
    items = [
        f"<dt>{escape(said.name)}</dt><dd>{escape(said.good)}</dd>"
        for said in map(metric, results["metrics"])
        if said.good
    ]
    return f"<dl>{''.join(items)}</dl>" if items else ""
