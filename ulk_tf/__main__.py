"""Commands of `python -m ulk_tf`: train, sweep, insider, check, probe, audit, gate, serve-config.

TensorFlow takes seconds to import, so each command imports what it needs: a misspelt flag is
answered at once.
"""
# ruff: noqa: PLC0415

import sys
from pathlib import Path
from typing import Any, Literal

from ulk_tf import insider
from ulk_tf.blackbox.asking import Asking, asks
from ulk_tf.errors import UserError
from ulk_tf.quiet import import_tensorflow
from ulk_tf.settings import cli
from ulk_tf.settings.attack_table import ATTACKS
from ulk_tf.settings.flag_types import PathText
from ulk_tf.sweeping.command import SWEEPS
from ulk_tf.trainer import training


def check(path: PathText = PathText("exported")) -> None:  # noqa: B008 - it is text
    """Check that TF Serving will run a SavedModel, or every one under a folder.

    Args:
        path: a version folder, or a folder above such.
    """
    import_tensorflow()
    from ulk_tf.serving import conformance, seal

    top = Path(path)
    folders = sorted(found.parent for found in top.rglob("saved_model.pb"))
    # What is still being written has a name with a dot; a server does not look at it either.
    folders = [f for f in folders if not f.name.startswith(".")]
    if not folders:
        raise UserError("a SavedModel in --path", f"none in {path}")
    refused = 0
    for folder in folders:
        seal.announce(folder)
        problems = {problem.check: problem.reason for problem in conformance.check(folder)}
        refused += bool(problems)
        print(f"{'refused' if problems else 'good'}  {folder}")
        for name in conformance.CHECKS:
            reason = f": {problems[name]}" if name in problems else ""
            print(f"  {'no' if reason else 'ok'}  {name}{reason}")
    if refused:
        raise UserError(
            "SavedModels that TF Serving can run", f"{refused} of {len(folders)} that it cannot"
        )


def probe(target: PathText, attack: PathText, out: PathText, asking: Asking) -> None:
    """Record a target's answers to the probing set of an attack; goes on where it stopped.

    Args:
        target: the URL of a server (TF Serving, KServe, Triton, MLServer, MLflow, or any other
            with --request), a SavedModel, a .keras or .onnx file, module:function, or recorded
            answers (.npz, .npy, .csv, .tsv, .txt). A token for a server comes from the
            environment variable ULK_TF_TOKEN.
        attack: exported/<dataset>_<attack>, or one of its versions.
        out: the .npz to write.
        asking: how the target is asked.
    """
    import_tensorflow()
    from ulk_tf.blackbox import probe as probing
    from ulk_tf.serving import assets
    from ulk_tf.serving.loading import class_names, version_folder

    folder = version_folder(Path(attack))
    known = assets.read(folder)
    names = class_names(folder, known.metadata)
    recording, found = probing.probe(target, known.probing_set, names, asking, out=Path(out))
    versions = ", ".join(recording.versions) or "not known"
    print(f"answers: {found.kind}; version: {versions}; queries: {recording.queries}")
    print(out)


def audit(
    before: PathText,
    after: PathText,
    attack: PathText,
    asking: Asking,
    out: PathText = PathText("runs/audit"),  # noqa: B008 - it is text
) -> None:
    """Report what an update gave away: labels or samples, and how far posteriors moved.

    Args:
        before: what `probe` recorded of the version before the update, or a target as --target of
            `probe`, which is asked now.
        after: the same for the version after it.
        attack: exported/<dataset>_<attack>, or several separated by commas.
        asking: how targets are asked.
        out: the folder of the report.
    """
    import_tensorflow()
    from ulk_tf.auditing import audit as auditing
    from ulk_tf.auditing.report import write_audit
    from ulk_tf.files import check_folder
    from ulk_tf.serving.loading import load_attack

    check_folder(Path(out), "--out")
    attacks = [load_attack(Path(name)) for name in attack.split(",") if name]
    if not attacks:
        raise UserError("--attack=exported/<dataset>_<attack>", repr(str(attack)))
    result = auditing.audit(before, after, attacks, asking)
    page = write_audit(Path(out), result)
    for sentence in result.claims:
        print(sentence)
    print(page)


def serve_config(export_dir: PathText = PathText("exported")) -> None:  # noqa: B008
    """Write models.config for all exports and print the command that serves them.

    Args:
        export_dir: the folder of all exports.
    """
    import_tensorflow()
    from ulk_tf.serving import serve

    path, names = serve.write_config(Path(export_dir))
    print(f"{path}: {', '.join(names)}")
    print(serve.docker_command(Path(export_dir)))


def gate(
    results: PathText,
    limits: PathText,
    against: PathText | None = None,
    undecided: Literal["broken", "held"] = "broken",
    markdown: PathText | None = None,
    junit: PathText | None = None,
) -> None:
    """Hold results against limits: exit code 0 held, 3 broken, 2 a mistake.

    Args:
        results: results.json of one run, or of several separated by commas.
        limits: a TOML file with tables [[limit]] of metric, baseline and at_most.
        against: earlier results of the same settings: a gain that rose is broken.
        undecided: how a limit counts that lies inside the interval.
        markdown: a file for the table as Markdown, for a pull request.
        junit: a file for JUnit XML, for a CI system.
    """
    from ulk_tf import gating
    from ulk_tf.files import check_folder, write_text
    from ulk_tf.result import Result

    for path, flag in ((markdown, "--markdown"), (junit, "--junit")):
        if path:
            check_folder(Path(path).parent, flag)
    new, old = (
        [Result.load(name) for name in (text or "").split(",") if name]
        for text in (results, against)
    )
    checks = gating.gate(new, str(limits), old)
    if markdown:
        write_text(Path(markdown), gating.markdown(checks))
    if junit:
        write_text(Path(junit), gating.junit(checks, undecided))
    for check in checks:
        print(f"{check.state:10} {check.name}: {check.sentence}")
    if not gating.passed(checks, undecided):
        sys.stdout.flush()
        raise SystemExit(cli.EXIT_BROKEN_LIMIT)


PROBE_EXAMPLES = (
    ("--target=http://host:8501/v1/models/m/versions/3 ...", "TF Serving"),
    ("--target=http://host:8080/v2/models/m ...", "KServe, Triton, MLServer, OpenVINO"),
    ("--target=http://host:5000/invocations ...", "MLflow"),
    ("--target=http://host/any --request=template.json --answer=scores ...", "other servers"),
    ("--target=model.onnx --output=probabilities ...", "a file"),
)
AUDIT_EXAMPLES = (
    ("--before=before.npz --after=after.npz ...", "what probe recorded"),
    ("--before=http://host/v2/models/m/versions/1 --after=http://host/...", "served versions"),
)
COMMANDS: dict[str, Any] = {
    "train": {name: training(name) for name in ATTACKS},
    "sweep": dict(SWEEPS),
    "insider": {name: insider.comparing(name) for name in ATTACKS},
    "check": check,
    "probe": asks(probe, PROBE_EXAMPLES),
    "audit": asks(audit, AUDIT_EXAMPLES),
    "gate": gate,
    "serve-config": serve_config,
}


def main() -> None:
    """Run one command and leave with its exit code."""
    cli.run(COMMANDS)


if __name__ == "__main__":
    main()
