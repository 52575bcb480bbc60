"""An audit as one HTML page that loads nothing."""

import html
from collections.abc import Mapping
from typing import Any

from ulk_tf.serving.audit import Audit, Finding
from ulk_tf.serving.audit_tell import Told, set_size
from ulk_tf.serving.card import WHAT

STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
table { border-collapse: collapse; margin: .8rem 0; max-width: 100%; }
th, td { text-align: left; padding: .25rem 1rem .25rem 0; border-bottom: 1px solid #ddd;
  vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; } img { max-width: 100%; display: block; margin: .8rem 0; }
.said { font-size: 1.1rem; } .warning { border-left: 4px solid #c0392b; padding: .3rem .8rem;
  background: #fdf1ef; margin: .5rem 0; } .small { color: #555; font-size: .9rem; }
"""


def render(audit: Audit, told: list[tuple[Finding, Told]], pictures: Mapping[str, str]) -> str:
    """The page.

    Args:
        audit: what was found.
        told: the same, said, for each attack.
        pictures: PNG files in base64, by the attack's name; and `moved`.
    """
    moved = audit.movement
    sides = [("before", audit.before), ("after", audit.after)]
    rows = [
        ("target", [side.recording.target or "not told" for _, side in sides]),
        ("version that answered", [_joined(side.recording.versions) for _, side in sides]),
        ("queries sent", [str(side.recording.queries) for _, side in sides]),
        ("answers are", [side.interpreted.kind for _, side in sides]),
        ("asked", [_times(side.recording.started, side.recording.finished) for _, side in sides]),
    ]
    body = [
        "<h1>What this update gives away</h1>",
        *(f'<p class="warning">{_text(warning)}</p>' for warning in audit.warnings),
        *(_attack_html(finding, one, pictures[finding.attack.name]) for finding, one in told),
        "<h2>How far the posteriors moved</h2>",
        f'<p class="said">{moved["labels_changed"]} of {audit.probes} probes changed their '
        f"likeliest class. Total variation distance (0: nothing moved, 1: everything): mean "
        f"{moved['total_variation_mean']:.3g}, median {moved['total_variation_median']:.3g}, "
        f"at most {moved['total_variation_max']:.3g}.</p>",
        _image(pictures["moved"], "Total variation distance of each probe"),
        "<h2>What was asked</h2>",
        _table(["", "before", "after"], [[label, *cells] for label, cells in rows]),
        f'<p class="small">The probing set has {audit.probes} samples. An attack\'s answer is an '
        "estimate made by a model that was trained on updates of shadow models; how often it is "
        "right was measured on other targets and is told beside it.</p>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # Names come from files and servers: nothing on this page may run or load anything.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">"
        f"<title>What this update gives away</title><style>{STYLE}</style></head><body>"
        + "\n".join(body)
        + "</body></html>\n"
    )


def _attack_html(finding: Finding, told: Told, picture: str) -> str:
    metadata = finding.attack.metadata
    size = set_size(metadata)
    trained = "" if size is None else f" It assumes an updating set of {size}."
    measured = [
        [name, *_estimate(value), kind]
        for kind, group in (("attack", "metrics"), ("baseline", "baselines"))
        for name, value in (metadata.get(group) or {}).items()
        if isinstance(value, Mapping) and isinstance(value.get("mean"), int | float)
    ]
    parts = [
        f"<h2>{_text(WHAT.get(finding.attack.name, finding.attack.name).partition(':')[0])}</h2>",
        f'<p class="said">{_text(told.sentence)}{_text(trained)}</p>',
        _image(picture, told.caption),
    ]
    if measured:
        parts += [
            '<p class="small">Measured on target models that the attack had not seen:</p>',
            _table(["", "mean", "95% interval", ""], measured),
        ]
    return "\n".join(parts)


def _estimate(value: Mapping[str, Any]) -> list[str]:
    low, high = value.get("low"), value.get("high")
    bounded = isinstance(low, int | float) and isinstance(high, int | float)
    return [f"{value['mean']:.4g}", f"{low:.4g} to {high:.4g}" if bounded else ""]


def _joined(versions: tuple[str, ...]) -> str:
    return ", ".join(versions) or "not known"


def _times(started: str, finished: str) -> str:
    return f"{started} to {finished}" if started and finished else "not told"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["".join(f"<th>{_text(cell)}</th>" for cell in head)]
    lines += ["".join(f"<td>{_text(cell)}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _image(data: str, caption: str) -> str:
    return f'<img alt="{_text(caption)}" src="data:image/png;base64,{data}">'


def _text(value: object) -> str:
    return html.escape(str(value))
