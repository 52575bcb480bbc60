"""The look of every report: one HTML page that loads nothing, for screens, phones and paper."""

import base64
import html
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template

STYLE = """
:root { color-scheme: light dark; --page: #fff; --ink: #1d2733; --muted: #5a6672;
  --line: #dfe4e9; --soft: #f3f6f9; --accent: #0067a1; --good: #00694b; --bad: #a83f00; }
@media (prefers-color-scheme: dark) { :root { --page: #14191f; --ink: #e3e8ed; --muted: #9ba7b3;
  --line: #313a44; --soft: #1d242c; --accent: #6cb8ea; --good: #55c79e; --bad: #f0955a; } }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  color: var(--ink); background: var(--page); max-width: 60rem; margin: 0 auto;
  padding: 2.2rem 1.1rem 4rem; overflow-wrap: anywhere; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .2rem; text-wrap: balance; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 .7rem; }
p { margin: .6rem 0; max-width: 44rem; } .muted, small { color: var(--muted); }
.headline { font-size: 1.15rem; border-left: 3px solid var(--accent); padding-left: .9rem;
  margin: 1.3rem 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); padding-bottom: .5rem; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; font-weight: 400; padding: .45rem .7rem .45rem 0;
  border-bottom: 1px solid var(--line); }
thead th { color: var(--muted); font-size: .85rem; }
td.number, th.number { text-align: right; white-space: nowrap; padding-right: 0;
  padding-left: .7rem; }
small { display: block; font-size: .82rem; line-height: 1.4; }
tr.own { background: var(--soft); } tr.own th, tr.own td { font-weight: 600; }
tr.own th { padding-left: .6rem; } tr.own td:last-child { padding-right: .6rem; }
tr.other th { padding-left: 1.5rem; } tr.other td:last-child { padding-right: .6rem; }
.scores thead th:last-child { padding-right: .6rem; }
tr small { font-weight: 400; } .good { color: var(--good); } .bad { color: var(--bad); }
figure { margin: 1.4rem 0 2rem; break-inside: avoid; }
figure img { display: block; max-width: 100%; height: auto; background: #fff;
  border: 1px solid var(--line); border-radius: 6px; }
figcaption { color: var(--muted); font-size: .9rem; margin-top: .5rem; }
dl { margin: 0; } dt { font-weight: 600; margin-top: .7rem; } dd { margin: 0; max-width: 44rem; }
details { border-top: 1px solid var(--line); padding: .6rem 0; }
details:last-of-type { border-bottom: 1px solid var(--line); }
summary { cursor: pointer; font-weight: 600; } details table { margin: .6rem 0; font-size: .9rem; }
details th { color: var(--muted); width: 45%; }
@media (max-width: 34rem) { body { font-size: 15px; padding-top: 1.4rem; }
  h1 { font-size: 1.4rem; } tr.other th { padding-left: .6rem; }
  .scores tr { display: grid; grid-template-columns: 1fr 1fr; border-bottom: 1px solid var(--line);
    padding: .35rem 0; }
  .scores th, .scores td { border: 0; padding: .1rem .6rem; } .scores thead th:first-child
    { display: none; } .scores th[scope="row"] { grid-column: 1 / -1; }
  .scores td.number:nth-child(2), .scores th.number:nth-child(2) { text-align: left; } }
@media print { :root { color-scheme: light; --page: #fff; --ink: #000; --muted: #444;
  --line: #bbb; --soft: #f3f3f3; --good: #000; --bad: #000; --accent: #000; }
  body { max-width: none; padding: 0; font-size: 11pt; } tr { break-inside: avoid; }
  h2 { break-after: avoid; } figure img { max-height: 12cm; width: auto; }
  details::details-content { content-visibility: visible;
  display: block; block-size: auto; } }
"""

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>$title</title>
<style>$style</style>
</head>
<body>
$body
</body>
</html>
""")


def page(title: str, parts: Iterable[str]) -> str:
    """A whole page.

    Args:
        title: as plain text.
        parts: of the body, as HTML; empty ones are left out.
    """
    body = "\n".join(part for part in parts if part)
    return PAGE.substitute(title=escape(title), style=STYLE, body=body)


def escape(value: object) -> str:
    """Anything as text that HTML shows and never runs."""
    return html.escape(str(value))


def paragraph(words: str, kind: str = "") -> str:
    """A paragraph of plain text; nothing where there is none."""
    return f'<p class="{kind}">{escape(words)}</p>' if words else ""


def section(title: str, *parts: str) -> str:
    """A titled part of the page; nothing where all its parts are empty."""
    body = "\n".join(part for part in parts if part)
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>" if body else ""


def figure(caption: str, png: Path) -> str:
    """A picture with its caption, held in the page itself."""
    data = base64.b64encode(png.read_bytes()).decode("ascii")
    words = escape(caption)
    return (
        f'<figure><img alt="{words}" src="data:image/png;base64,{data}">'
        f"<figcaption>{words}</figcaption></figure>"
    )


def listing(lines: Sequence[str]) -> str:
    """A list of plain texts."""
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def collapsible(title: str, values: Mapping[str, object]) -> str:
    """A closed table of settings; what is nested is named `outer.inner`."""
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in _flat(values)
    )
    table = f"<table><tbody>{rows}</tbody></table>"
    return f"<details><summary>{escape(title)}</summary>{table}</details>" if rows else ""


def number(value: object, decimals: int) -> str:
    """A number with so many decimals, or a dash where there is none."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    return f"{value:.{decimals}f}".replace("-", "−")


def _flat(values: Mapping[str, object], prefix: str = "") -> Iterable[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            yield prefix + str(name), ", ".join(map(str, value)) or "none"
        elif isinstance(value, float):
            yield prefix + str(name), f"{value:.6g}"
        else:
            yield prefix + str(name), "not set" if value is None else str(value)
