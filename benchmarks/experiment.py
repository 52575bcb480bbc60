"""Benchmark of a whole experiment: A_LDE on MNIST in the published sizes, beside PyTorch.

    python -m benchmarks.experiment --data_dir=...

Ours is the trainer's own command, from nothing to the score; PyTorch is given our splits, updating
sets and base models, so that both compute the same, and trains base models of its own besides. All
epochs are trained on either side. Results go to benchmarks/results/ and docs/PERFORMANCE.md.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks import page
from benchmarks.machine import machine
from benchmarks.run import PAGE, RESULTS, SCHEMA
from ulk_tf.errors import UserError
from ulk_tf.evaluation.results import read_results
from ulk_tf.files import read_json, save_npz, write_json
from ulk_tf.quiet import import_tensorflow
from ulk_tf.settings import cli
from ulk_tf.settings.experiment import Experiment
from ulk_tf.settings.presets import experiment

# Its file in benchmarks/results, without .json.
NAME = "experiment-lde-mnist"
STAGES = ("base models", "updates", "training", "scoring")
# A tenth of the work, to test the benchmark itself.
SMALL = {
    "training_updates": 1_000,
    "validation_updates": 100,
    "target_updates": 100,
    "ensemble": 2,
    "base_epochs": 2,
    "epochs": 5,
}


def run(rounds: int = 1, quick: bool = False, data_dir: str | None = None, note: str = "") -> None:
    """Time the published experiment of A_LDE on MNIST, stage by stage, beside PyTorch.

    Args:
        rounds: runs of each side, in turns; about ten minutes a round on two cores.
        quick: do a tenth of the work, and print the result without saving it.
        data_dir: folder of prepared TFDS data; TFDS_DATA_DIR when not given.
        note: text shown beside the figures, such as other load on the machine.
    """
    if rounds < 1:
        raise UserError("--rounds of at least 1", rounds)
    flags: dict[str, Any] = SMALL if quick else {}
    # Nothing ends early, so that both sides train as many epochs.
    flags = flags | {"patience": flags.get("epochs", 50), "data_dir": data_dir}
    found: list[dict[str, dict[str, Any]]] = []
    with tempfile.TemporaryDirectory() as home:
        for number in range(rounds):
            own = flags | {"runs_dir": f"{home}/{number}", "export_dir": f"{home}/exported"}
            one = experiment("lde", "paper", dataset="mnist", **own)
            ours = _ours(one, own)
            given, told = Path(home) / "given.npz", Path(home) / "found.json"
            _write(one, given)
            _call("benchmarks.torch_experiment", str(given), str(told))
            found.append({"ours": ours, "torch": read_json(told)})
    result = _summary(found) | {"quick": quick, "rounds": rounds, "note": note, "threads": None}
    result |= {"schema": SCHEMA, "group": "experiment", "machine": machine()}
    print(json.dumps({"stages": result["stages"], "kl": result["kl"]}, indent=1))
    if not quick:
        write_json(RESULTS / f"{NAME}.json", result)
        page.rewrite(PAGE, page.tables(RESULTS))
        print(PAGE)


def _ours(one: Experiment, flags: dict[str, Any]) -> dict[str, Any]:
    given = {"dataset": "mnist", "preset": "paper", **flags}
    _call("trainers.lde", *(f"--{k}={v}" for k, v in given.items() if v is not None))
    path = next(Path(one.folders.runs_dir).glob("mnist/lde/*/results.json"))
    results = read_results(path)
    timing = results["timing"]
    corpus, updates = timing["corpus"]["seconds"], timing["corpus"]["parts"]["updates"]
    seconds = {"base models": corpus - updates, "updates": updates}
    seconds |= {name: timing[name]["seconds"] for name in ("training", "scoring")}
    return {"seconds": seconds, "kl": results["metrics"]["kl"]["mean"]}


def _write(one: Experiment, path: Path) -> None:
    """Write what our run has drawn and trained, for PyTorch."""
    import_tensorflow()
    from ulk_tf.corpus.bases import find  # noqa: PLC0415 - imports TensorFlow
    from ulk_tf.corpus.build import designs_of  # noqa: PLC0415
    from ulk_tf.preflight import preflight  # noqa: PLC0415

    data = preflight(one).dataset
    _, designs = designs_of(one, data)
    models, probes = find(designs), designs[0].probing_set
    settings = {
        "target": "mnist_cnn",
        "training": asdict(one.owner.training),
        "update": asdict(one.owner.update),
        "attack": asdict(one.attack),
    }
    arrays = {
        "settings": np.array(json.dumps(settings)),
        "samples": np.concatenate([data.samples, probes]),
        "labels": np.concatenate([data.labels, np.zeros(len(probes), data.labels.dtype)]),
        "probes": np.arange(len(data.labels), len(data.labels) + len(probes)),
    }
    for design in designs:
        for base, rows in design.plan.items():
            own = {"base": design.old(base), "indices": rows.indices, "seeds": rows.seeds}
            own |= {f"weight_{n}": w for n, w in enumerate(models[base].weights)}
            arrays |= {f"{base.role}_{name}": value for name, value in own.items()}
    save_npz(path, arrays)


def _call(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], check=True, stdout=sys.stderr)


def _summary(found: list[dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """Summarise the rounds: seconds of each stage and in all, their ratios, both divergences."""
    for one in found:
        for side in one.values():
            side["seconds"]["in all"] = sum(side["seconds"][name] for name in STAGES)
    stages = {}
    for name in (*STAGES, "in all"):
        pairs = [(one["ours"]["seconds"][name], one["torch"]["seconds"][name]) for one in found]
        ratios = sorted(other / own for own, other in pairs)
        stages[name] = {
            "ours": round(median(own for own, _ in pairs), 1),
            "torch": round(median(other for _, other in pairs), 1),
            "median": round(median(ratios), 2),
            "low": round(ratios[0], 2),
            "high": round(ratios[-1], 2),
        }
    last = found[-1]
    return {"stages": stages, "kl": {side: last[side]["kl"] for side in last}}


if __name__ == "__main__":
    cli.run(run)
