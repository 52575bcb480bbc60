"""Report of an audit on disk.

<folder>/audit.json   everything that is said, for programs
<folder>/audit.html   the same to read, in one file with its pictures
<folder>/figures/     the pictures
<folder>/answers.npz  the attacks' outputs as arrays
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ulk_tf.auditing import page, pictures
from ulk_tf.auditing.assumed import assumed
from ulk_tf.auditing.audited import Audit
from ulk_tf.auditing.finding import Finding
from ulk_tf.auditing.told import Told
from ulk_tf.evaluation.movement import total_variation
from ulk_tf.files import check_folder, save_npz, write_json, write_text
from ulk_tf.serving.assets import package_versions

SCHEMA_VERSION = 1


def write_audit(folder: Path, audit: Audit) -> Path:
    """Write the report of an audit.

    Args:
        folder: where; made if need be, older reports in it are replaced.
        audit: what was found.

    Returns:
        The path of the HTML page.
    """
    check_folder(folder, "--out")
    told = audit.told
    pair = [side.interpreted.posteriors for side in (audit.before, audit.after)]
    distance = total_variation(*pair)
    drawn: dict[str, Path] = {}

    def draw(name: str, make: Callable[[Path], None]) -> None:
        drawn[name] = folder / "figures" / f"{name}.png"
        make(drawn[name])

    draw("moved", lambda path: pictures.moved(path, distance))
    for finding, one in told:
        draw(finding.attack.name, one.draw)
    arrays = {f"{f.attack.name}_{name}": v for f in audit.findings for name, v in f.outputs.items()}
    save_npz(folder / "answers.npz", arrays | {"before": pair[0], "after": pair[1]})
    write_json(
        folder / "audit.json",
        {
            "schema_version": SCHEMA_VERSION,
            "state": audit.state,
            "verdict": audit.verdict,
            "warnings": list(audit.warnings),
            "before": audit.before.as_json(),
            "after": audit.after.as_json(),
            "movement": dict(audit.movement),
            "resolution": audit.resolution.as_json(),
            "fits": [fit.as_json() for fit in audit.fits],
            "attacks": [_attack_json(finding, one) for finding, one in told],
            "figures": {name: f"figures/{path.name}" for name, path in drawn.items()},
            "versions": package_versions(),
        },
    )
    html = folder / "audit.html"
    write_text(html, page.render(audit, told, drawn))
    return html


def _attack_json(finding: Finding, told: Told) -> dict[str, Any]:
    metadata = finding.attack.metadata
    update = assumed(metadata)
    return {
        "attack": finding.attack.name,
        "dataset": metadata.get("dataset"),
        "export": str(finding.attack.path),
        "trained_for_set_size": max(update.sizes, default=None),
        "assumed_update": update.as_json(),
        "result": dict(told.result),
        "arrays": [f"{finding.attack.name}_{name}" for name in finding.outputs],
        "sentence": told.sentence,
        "caution": told.caution,
        **{key: told.measured[key] for key in ("metrics", "baselines", "gains", "doubts")},
    }
