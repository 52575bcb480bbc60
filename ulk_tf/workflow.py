"""Workflow of a run, the same for any attack: data, corpus, training, scores, export, report."""

import dataclasses
import importlib.metadata
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from ulk_tf import __version__, attacking
from ulk_tf.attacks.devices import plain_keras
from ulk_tf.attacks.fit import TRAINING_STATE
from ulk_tf.attacks.signature import Trained
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.build import Corpus, build_corpora
from ulk_tf.corpus.corpus import added
from ulk_tf.data.datasets import short_name
from ulk_tf.estimating.estimate import announce, estimate, learn
from ulk_tf.evaluation.knowledge import knowledge, sentences
from ulk_tf.evaluation.pictures import draw
from ulk_tf.evaluation.published import published
from ulk_tf.evaluation.report import headline, write_report
from ulk_tf.evaluation.results import Results, write_results
from ulk_tf.evaluation.scores import Scores
from ulk_tf.evaluation.seen import seen
from ulk_tf.evaluation.stages import Stages, seconds, stage_lines
from ulk_tf.evaluation.verdict import verdict
from ulk_tf.files import digest
from ulk_tf.preflight import Loaded, preflight
from ulk_tf.progress import notes
from ulk_tf.rehearsal import rehearse
from ulk_tf.serving.export import export_attack
from ulk_tf.settings.attack_row import AttackRow
from ulk_tf.settings.attack_table import attack_row
from ulk_tf.settings.experiment import Experiment
from ulk_tf.settings.keys import run_key

UNFINISHED = "the run ended before held-out updates were scored; the same command goes on"
NO_EXPORT = "none, since each target has an attack of its own; --target_bases=1 exports one"
PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "scikit-learn", "tensorflow-datasets")


def run(
    experiment: Experiment,
    loaded: Loaded | None = None,
    tell: Callable[[str], None] = print,
    announced: bool = False,
) -> Path:
    """Run an experiment from its config to its report.

    Settings and data are checked before anything is written.

    Args:
        experiment: all settings.
        loaded: the data, if it is loaded and checked already.
        tell: called with each line of the report.
        announced: whether the caller has said how long it will take.

    Returns:
        The path of results.json.

    Raises:
        UserError: the settings do not fit the data, or files cannot be written.
    """
    with notes() as told:
        return _run(experiment, loaded, tell, told, announced)


def _run(
    experiment: Experiment,
    loaded: Loaded | None,
    tell: Callable[[str], None],
    told: list[str],
    announced: bool,
) -> Path:
    """Run an experiment; `told` is what has been said to the user, and grows."""
    row, stages = attack_row(experiment.attack_name), Stages()
    with stages.stage("data"):
        data = loaded or preflight(experiment)
    with stages.stage("rehearsal"):
        rehearse(experiment, data)
    folder, seed = run_folder(experiment), experiment.seed
    estimated = estimate([experiment], data, [folder])
    if not announced:
        announce(estimated)
    with stages.stage("corpus") as noted:
        corpora = build_corpora(experiment, data.dataset, data.shadow_dataset)
        corpus = corpora[0]
        if corpus.reused:
            noted["reused"] = corpus.reused
        if parts := added([one.seconds for one in corpora]):
            noted["parts"] = parts
    keras.utils.set_random_seed(seed)
    with plain_keras():
        with stages.stage("training") as noted:
            each = attacking.train(experiment, corpora, seed, folder)
            if each[0].reused:
                noted["reused"] = each[0].reused
        with stages.stage("scoring"):
            scores = attacking.score(experiment, corpora, each)
        results = _results(experiment, corpora, scores, told)
        results |= {"knowledge": knowledge(experiment, corpus)}
        # Write the figures before what may fail. Those of a run that ends here carry a doubt, since
        # nothing tells yet whether the attack is any good.
        unfinished = {"doubts": [*results["doubts"], UNFINISHED]}
        write_results(folder / "results.json", results | unfinished)
        with stages.stage("held-out updates"):
            known = seen(row, each[0], corpus, seed)
        write_results(folder / "results.json", results | {"held_out": known})
        exported = None
        # An attack reads one target: none of several stands for the others.
        if len(each) == 1:
            with stages.stage("export"):
                exported = _export(row, experiment, each[0], corpus, results | {"seen": known})
    if estimated is not None:
        learn(estimated.found.works, stages.timing)
        for stage, seconds_there in estimated.stages.items():
            stages.timing[stage]["estimated"] = round(seconds_there, 1)
    drawn = draw(folder / "figures", row.output, scores, each[0].curves, corpus.dataset)
    results |= {"timing": stages.timing, "export": str(exported or ""), "held_out": known}
    write_results(folder / "results.json", results)
    _report(folder, results, drawn, exported, tell)
    for home in attacking.homes(folder, len(corpora)):
        shutil.rmtree(home / TRAINING_STATE, ignore_errors=True)
    return folder / "results.json"


def run_folder(experiment: Experiment, label: str | None = None) -> Path:
    """Return the folder of a run's results, which differs for different settings.

    Args:
        experiment: all settings.
        label: begins its name; None: the preset does.
    """
    home = Path(experiment.folders.runs_dir) / short_name(experiment.owner.data.dataset)
    name = f"{label or experiment.preset}-{digest(run_key(experiment))[:8]}"
    return home / experiment.attack_name / name


def _results(
    experiment: Experiment, corpora: Sequence[Corpus], scores: Scores, warnings: list[str]
) -> Results:
    corpus, owner = corpora[0], experiment.owner
    name = corpus.dataset.name
    bases = {
        _name_of(base, number, len(corpora)): {
            "train_accuracy": model.train_accuracy,
            "pool_accuracy": model.pool_accuracy,
        }
        for number, one in enumerate(corpora)
        for base, model in one.bases.items()
    }
    return {
        "attack": experiment.attack_name,
        "dataset": name,
        "config": dataclasses.asdict(experiment),
        "environment": _environment() | {"base_models": bases},
        "procedures": dict(corpus.procedures),
        "timing": {},
        "export": "",
        "held_out": {},
        "warnings": warnings,
        "doubts": list(dict.fromkeys(warning for one in corpora for warning in one.warnings)),
        "metrics": {key: e.as_json() for key, e in scores.metrics.items()},
        "baselines": {key: e.as_json() for key, e in scores.baselines.items()},
        "gains": {key: e.as_json() for key, e in scores.gains.items()},
        "published": published(
            experiment.attack_name, name, owner.update.set_size, owner.data.label_skew
        ),
    }


def _name_of(base: BaseId, number: int, corpora: int) -> str:
    """Name a base model of a corpus; shadow models of several corpora by their target."""
    if corpora == 1 or base.role == "target":
        return str(base)
    return f"{base} of {BaseId('target', number)}"


def _export(
    row: AttackRow, experiment: Experiment, trained: Trained, corpus: Corpus, results: Results
) -> Path:
    shadow = corpus.updates["shadow"]
    kept = (
        *("config", "procedures", "warnings", "doubts"),
        *("metrics", "baselines", "gains", "seen", "knowledge"),
    )
    return export_attack(
        trained.attack,
        export_dir=Path(experiment.folders.export_dir),
        dataset=corpus.dataset.name,
        probing_set=corpus.probing_set,
        metadata={
            "output": row.output,
            "unit": row.unit,
            "answers": shadow.form.as_json(),
            "class_names": list(corpus.dataset.class_names),
            **{key: results[key] for key in kept},
        },
    )


def _report(
    folder: Path,
    results: Results,
    drawn: dict[str, Path],
    exported: Path | None,
    tell: Callable[[str], None],
) -> None:
    """Write the report, and print a summary."""
    environment = dict(results["environment"])
    bases = environment.pop("base_models")
    shown = results | {"environment": environment, "base_models": bases}
    write_report(folder / "report.html", shown, drawn)
    tell(verdict(results).sentence)
    for sentence in sentences(results):
        tell(sentence)
    for name, metric in results["metrics"].items():
        mean, low, high = (metric[key] for key in ("mean", "low", "high"))
        tell(f"{name:36} {mean:9.5f}  [{low:.5f}, {high:.5f}]")
    tell(headline(results))
    for caption, path in drawn.items():
        tell(f"picture: {path} ({caption})")
    tell(f"export:  {exported or NO_EXPORT}")
    tell(f"report:  {folder / 'report.html'}")
    timing = results["timing"]
    together = f"{seconds(timing):.1f} s together"
    print(f"stages: {', '.join([*stage_lines(timing), together])}", file=sys.stderr)


def _environment() -> dict[str, Any]:
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "ulk_tf": __version__,
        "python": platform.python_version(),
        "platform": platform.system() + " " + platform.machine(),
    } | versions
