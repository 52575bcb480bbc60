"""An audit as one HTML page that loads nothing."""

from collections.abc import Mapping
from pathlib import Path

from ulk_tf.auditing.audited import Audit
from ulk_tf.auditing.finding import Finding
from ulk_tf.auditing.told import Told
from ulk_tf.evaluation.report import scores
from ulk_tf.evaluation.report_page import escape, figure, listing, page, paragraph, section
from ulk_tf.evaluation.wording import attack_name

TITLE = "What this update gives away"


def render(audit: Audit, told: list[tuple[Finding, Told]], pictures: Mapping[str, Path]) -> str:
    """The page.

    Args:
        audit: what was found.
        told: the same, said, for each attack.
        pictures: PNG files by the attack's name; and `moved`.
    """
    moved = audit.movement
    parts = [
        f"<header><h1>{TITLE}</h1>",
        paragraph(audit.verdict, "headline"),
        paragraph(_summary(audit), "muted"),
        listing(audit.warnings),
        "</header>",
        *(_attack(audit, finding, one, pictures[finding.attack.name]) for finding, one in told),
        section(
            "How far the posteriors moved",
            paragraph(
                f"{moved['labels_changed']} of {audit.probes} probes changed their likeliest "
                "class. Total variation distance (0: nothing moved, 1: everything): mean "
                f"{moved['total_variation_mean']:.3g}, median "
                f"{moved['total_variation_median']:.3g}, at most "
                f"{moved['total_variation_max']:.3g}. The largest change of one posterior is "
                f"{audit.resolution.moved:.3g}, where {audit.resolution.words}."
            ),
            figure("Total variation distance of each probe", pictures["moved"]),
        ),
        section("What was asked", _asked(audit)),
    ]
    return page(TITLE, parts)


def _summary(audit: Audit) -> str:
    sides = audit.before.recording, audit.after.recording
    before, after = (
        f"version {_joined(side.versions)}" if side.versions else f"the model {when} the update"
        for side, when in zip(sides, ("before", "after"), strict=True)
    )
    return (
        f"{before[0].upper()}{before[1:]} against {after}, asked about the {audit.probes} samples "
        "of the probing set. An attack's answer is an estimate, made by a model that was trained "
        "on updates of shadow models: how often it is right was measured on other targets."
    )


def _attack(audit: Audit, finding: Finding, told: Told, picture: Path) -> str:
    measured = told.measured
    return section(
        attack_name(finding.attack.name),
        paragraph(told.sentence, "headline"),
        paragraph(told.caution),
        *(paragraph(fit.sentence) for fit in audit.fits if fit.attack == finding.attack.name),
        figure(told.caption, picture),
        scores(measured) if measured["metrics"] else "",
    )


def _asked(audit: Audit) -> str:
    sides = audit.before, audit.after
    rows = {
        "target": [side.recording.target or "not told" for side in sides],
        "version that answered": [_joined(side.recording.versions) for side in sides],
        "queries sent": [str(side.recording.queries) for side in sides],
        "answers are": [side.interpreted.kind for side in sides],
        "samples sent": [side.recording.asked.get("scale", "not told") for side in sides],
        "first query": [side.recording.started or "not told" for side in sides],
        "last query": [side.recording.finished or "not told" for side in sides],
    }
    body = "".join(
        f'<tr><th scope="row">{name}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, cells in rows.items()
    )
    head = "<thead><tr><th></th><th>before</th><th>after</th></tr></thead>"
    return f"<table>{head}<tbody>{body}</tbody></table>"


def _joined(versions: tuple[str, ...]) -> str:
    return ", ".join(versions) or "not known"
