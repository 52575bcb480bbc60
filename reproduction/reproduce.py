"""`make reproduce`: run every recorded result again, and hold the new figures against it.

The results under reproduction/results/quality/ say themselves how they were made, so the list of
runs is the list of records. A run that has its results.json already is not run again; one that
was killed goes on where it was.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

from reproduction import quality
from ulk_tf.errors import UserError
from ulk_tf.evaluation.wording import baseline, metric
from ulk_tf.files import read_json, write_text
from ulk_tf.quiet import import_tensorflow
from ulk_tf.settings import cli, presets

Result = dict[str, Any]
# Baselines that look at neither the posteriors nor the truth.
TRIVIAL = (
    "most_frequent_label",
    "prior",
    "uniform",
    "mean_sample",
    "shadow_clustering",
    "matched_shadow",
    "label_average",
    "random_samples",
)
HEADER = (
    "| run | figure | published | ours | 95% interval | recorded | best trivial baseline | gain "
    "| minutes | agrees |\n|---|---|---|---|---|---|---|---|---|---|"
)


def run(
    preset: presets.Preset = "default",
    only: str = "",
    runs_dir: str = "runs",
    export_dir: str = "exported",
    data_dir: str | None = None,
) -> None:
    """Run all recorded results of a preset again and compare the figures.

    Args:
        preset: quick, default or paper: which records.
        only: part of a record's name, such as li_mnist; all when empty.
        runs_dir: folder of runs, corpora and base models.
        export_dir: folder of exported attacks.
        data_dir: where TFDS data is prepared; TFDS_DATA_DIR when not given.
    """
    records = {path.stem: read_json(path) for path in sorted(quality.KEPT.glob("*.json"))}
    chosen = {
        name: record
        for name, record in records.items()
        if record["config"]["preset"] == preset and only in name
    }
    if not chosen:
        raise UserError(
            f"--preset and --only that fit a record of {', '.join(records) or quality.KEPT}",
            f"--preset={preset} --only={only}",
        )
    import_tensorflow()
    places = {"runs_dir": runs_dir, "export_dir": export_dir, "data_dir": data_dir}
    given = {name: value for name, value in places.items() if value is not None}
    rows, wrong = [HEADER], []
    for name, record in chosen.items():
        print(f"\n{quality.command(record)}", flush=True)
        result = _result(record, given)
        new, differing = compare(name, record, result)
        rows += new
        wrong += differing
    table = "\n".join(rows)
    page = Path(runs_dir) / f"reproduced-{preset}.md"
    write_text(page, table + "\n")
    print(f"\n{table}\n{page}")
    if wrong:
        raise UserError("figures within the recorded intervals", "others of " + ", ".join(wrong))


def _result(record: Result, places: dict[str, str]) -> Result:
    """The results of a record's run, which is started where it has not ended before."""
    from ulk_tf.workflow import run_folder  # noqa: PLC0415 - TensorFlow takes seconds

    attack, flags = record["attack"], quality.flags_of(record) | places
    path = run_folder(presets.experiment(attack, **flags)) / "results.json"
    # The first results.json of a run has no times yet: its export was not finished.
    if not path.is_file() or not read_json(path)["timing"]:
        typed = [f"--{name}={value}" for name, value in flags.items()]
        done = subprocess.run([sys.executable, "-m", f"trainers.{attack}", *typed], check=False)
        if done.returncode < 0 or done.returncode == 130:
            raise KeyboardInterrupt
        if done.returncode:
            raise UserError("a run that succeeds", f"exit code {done.returncode} of {attack}")
    return read_json(path)


def compare(name: str, record: Result, result: Result) -> tuple[list[str], list[str]]:
    """Rows of the table, and the figures that are not within the record's interval.

    Args:
        name: of the record.
        record: the results.json in the repository.
        result: that of the new run.
    """
    minutes = sum(result["timing"].values()) / 60
    rows, wrong = [], []
    for figure in quality.SHOWN[record["attack"]]:
        if figure not in record["metrics"]:
            continue
        own, known = result["metrics"][figure], record["metrics"][figure]
        agrees = known["low"] <= own["mean"] <= known["high"]
        if not agrees:
            wrong.append(f"{name} {figure}")
        wording = metric(figure)
        show = quality.percent if wording.share else quality.number
        published = record["published"].get(figure)
        trivial, gain = _trivial(figure, result, wording.less_is_better)
        cells = [
            name,
            wording.name,
            show(published["value"]) if published else "",
            show(own["mean"]),
            f"{show(own['low'])} to {show(own['high'])}",
            show(known["mean"]),
            trivial,
            gain,
            f"{minutes:.0f}",
            "yes" if agrees else "NO",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows, wrong


def _trivial(figure: str, result: Result, less_is_better: bool) -> tuple[str, str]:
    """The best answer that knows nothing of the update, and by how much the attack beats it."""
    own = result["metrics"][figure]["mean"]
    known = {
        key.partition(":")[2]: value["mean"]
        for key, value in result["baselines"].items()
        if key.partition(":")[0] == figure and key.partition(":")[2] in TRIVIAL
    }
    if not known:
        return "", ""
    best = (min if less_is_better else max)(known, key=lambda name: known[name])
    value = known[best]
    better = (value - own if less_is_better else own - value) / value if value else 0.0
    return f"{baseline(best)[0].lower()} {quality.number(value)}", f"{better:+.1%}"


if __name__ == "__main__":
    cli.run(run)
