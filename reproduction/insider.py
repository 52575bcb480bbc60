"""Insiders: attacks that learn from simulated updates of the very base model that they attack.

    python -m reproduction.insider --dataset=mnist

trains one base model as the owner would, saves it as a .keras file with the samples that it has
seen, attacks it as an insider, keeps the results under reproduction/results/insider/ and rewrites
their table in docs/RESULTS.md, beside the outsiders of reproduction/results/quality/.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.page import rewrite
from reproduction import quality, wording
from ulk_tf.evaluation.intervals import interval as over_groups
from ulk_tf.evaluation.results import Results, read_results, write_results
from ulk_tf.quiet import import_tensorflow
from ulk_tf.settings import cli, presets

KEPT = Path(__file__).parent / "results" / "insider"
MARKS = "<!-- insider: begin -->", "<!-- insider: end -->"
CASES: dict[str, dict[str, Any]] = {"li": {}, "lde": {"set_size": 10, "label_skew": 0.5}}
FIGURES = {
    "li": ("accuracy", "accuracy:most_frequent_label"),
    "lde": ("kl", "kl:prior", "most_frequent_accuracy"),
}


def measure(
    dataset: str = "mnist",
    only: str = "",
    runs_dir: str = "runs",
    export_dir: str = "exported",
    data_dir: str | None = None,
    workers: int | None = None,
    seed: int = 0,
) -> None:
    """Train a base model, attack it as an insider, and keep the results.

    Args:
        dataset: a data set of TFDS by name, or digits.
        only: one attack, li or lde; both when empty.
        runs_dir: folder of runs, corpora and base models.
        export_dir: folder of exported attacks.
        data_dir: folder of prepared TFDS data; TFDS_DATA_DIR when not given.
        workers: worker processes; one for each core when none.
        seed: seed of all randomness; another seed is another base model, and a record of its own.
    """
    places = {"runs_dir": runs_dir, "export_dir": export_dir, "data_dir": data_dir}
    given = {"dataset": dataset, "workers": workers, "seed": seed, **places}
    import_tensorflow()
    from ulk_tf import workflow  # noqa: PLC0415 - flags are checked before

    files = _base_model(presets.experiment("li", **given))
    for attack, flags in CASES.items():
        if only in ("", attack):
            experiment = presets.experiment(attack, **given, **flags, **files)
            keep(workflow.run(experiment))
    rewrite(quality.PAGE, table(), MARKS)


def _base_model(experiment: presets.Experiment) -> dict[str, str]:
    """Train the first target base model of an experiment, and save it as its owner would."""
    from ulk_tf.corpus.base_id import BaseId  # noqa: PLC0415
    from ulk_tf.corpus.bases import find  # noqa: PLC0415 - imports TensorFlow
    from ulk_tf.corpus.build import designs_of  # noqa: PLC0415
    from ulk_tf.preflight import preflight  # noqa: PLC0415

    data = preflight(experiment).dataset
    _, (_, design) = designs_of(experiment, data)
    base = BaseId("target", 0)
    path = design.home / f"base-{design.base_key(base)[:8]}.keras"
    seen = path.with_suffix(".npy")
    if not path.is_file():
        found = find([design]).get(base)
        trained = found or design.training_job(base).run({data.fingerprint: data})
        model = design.procedure.build()
        model.set_weights(trained.weights)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(seen, design.split(base).base)
        model.save(path)
    return {"base_model": str(path), "shadow_base_model": str(path), "base_samples": str(seen)}


def keep(path: Path) -> None:
    """Copy a result into the repository, without paths.

    Args:
        path: path of a results.json.
    """
    result = read_results(path)
    result["config"]["folders"] = {}
    result["export"] = ""
    for side in ("owner", "adversary"):
        model = result["config"][side]["model"]
        model |= {n: Path(model[n]).name for n in ("base_model", "base_samples")}
    seed = result["config"]["seed"]
    name = f"{result['dataset']}_{result['attack']}" + (f"_seed-{seed}" if seed else "")
    write_results(KEPT / f"{name}.json", result)


def table() -> str:
    """Format all kept results as Markdown, beside the recorded outsiders."""
    lines = [
        "| data, attack | base models | updates of each learned from | figure | insider "
        "| 95% interval | outsider |",
        "|---|---|---|---|---|---|---|",
    ]
    records: dict[str, list[Results]] = {}
    for path in sorted(KEPT.glob("*.json"), reverse=True):
        result = read_results(path)
        update = result["config"]["owner"]["update"]["set_size"]
        kind = f"{result['dataset']}, A_{result['attack'].upper()}, sets of {update}"
        records.setdefault(kind, []).append(result)
    for kind, results in records.items():
        lines += _rows(kind, results)
    return "\n".join(lines)


def _rows(kind: str, results: list[Results]) -> Iterator[str]:
    first = results[0]
    updates = first["config"]["counts"]["training_updates"]
    outsider = _outsider(first)
    # Records of an earlier schema have no paired gains of shares.
    known = outsider["gains"] | outsider["metrics"] if outsider else {}
    for name in FIGURES[first["attack"]]:
        own = _estimate([quality.estimate(one, name) for one in results])
        interval = f"{wording.show(name, own['low'])} to {wording.show(name, own['high'])}"
        other = wording.show(name, known[name]["mean"]) if name in known else ""
        shown = f"**{wording.show(name, own['mean'])}**"
        cells = (kind, len(results), f"{updates:,}", wording.title(name), shown, interval, other)
        yield f"| {' | '.join(map(str, cells))} |"


def _estimate(figures: list[dict[str, float]]) -> dict[str, float]:
    """Estimate a figure: of one base model over its updates, of several over these models."""
    if len(figures) == 1:
        return figures[0]
    return over_groups(
        np.array([one["mean"] for one in figures]), np.arange(len(figures))
    ).as_json()


def _outsider(result: Results) -> Results | None:
    """Find the recorded outsider with the same data and updates."""
    for path in sorted(quality.KEPT.glob(f"{result['attack']}_{result['dataset']}*.json")):
        other = read_results(path)
        if other["config"]["preset"] == "default" and _updates(other) == _updates(result):
            return other
    return None


def _updates(result: Results) -> tuple[object, object]:
    owner = result["config"]["owner"]
    return owner["update"]["set_size"], owner["data"]["label_skew"]


if __name__ == "__main__":
    cli.run(measure)
