"""Reproduction of `make reproduce`: repeat every recorded run, and compare the figures.

The records under reproduction/results/quality/ contain their settings, so they are the list of
runs. A run that has its results.json already is not repeated; one that was killed is resumed.
"""

import subprocess
import sys
from pathlib import Path

from reproduction import quality, wording
from ulk_tf.errors import UserError
from ulk_tf.evaluation.baselines_table import baseline, trivial
from ulk_tf.evaluation.compared import by_baseline
from ulk_tf.evaluation.metrics_table import metric
from ulk_tf.evaluation.results import Results, read_results
from ulk_tf.evaluation.stages import seconds
from ulk_tf.files import write_text
from ulk_tf.quiet import import_tensorflow
from ulk_tf.settings import cli, presets

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
        preset: preset of the records to repeat: quick, default or paper.
        only: part of a record's name, such as li_mnist; all when empty.
        runs_dir: folder of runs, corpora and base models.
        export_dir: folder of exported attacks.
        data_dir: folder of prepared TFDS data; TFDS_DATA_DIR when not given.
    """
    records = {path.stem: read_results(path) for path in sorted(quality.KEPT.glob("*.json"))}
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


def _result(record: Results, places: dict[str, str]) -> Results:
    """Return the results of a record's run, running it unless it is finished already."""
    from ulk_tf.workflow import run_folder  # noqa: PLC0415 - TensorFlow takes seconds

    attack, flags = record["attack"], presets.flags_of(record["config"]) | places
    path = run_folder(presets.experiment(attack, **flags)) / "results.json"
    # The first results.json of a run has no times yet: its export was not finished.
    if not path.is_file() or not read_results(path)["timing"]:
        typed = [f"--{name}={value}" for name, value in flags.items()]
        done = subprocess.run([sys.executable, "-m", f"trainers.{attack}", *typed], check=False)
        if done.returncode < 0 or done.returncode == 130:
            raise KeyboardInterrupt
        if done.returncode:
            raise UserError("a run that succeeds", f"exit code {done.returncode} of {attack}")
    return read_results(path)


def compare(name: str, record: Results, result: Results) -> tuple[list[str], list[str]]:
    """Compare a new run with a record.

    Args:
        name: name of the record.
        record: the results.json in the repository.
        result: the results.json of the new run.

    Returns:
        Rows of the table, and the figures that are outside the record's interval.
    """
    minutes = seconds(result["timing"]) / 60
    rows, wrong = [], []
    for figure in quality.figures(record):
        new, known = quality.estimate(result, figure), quality.estimate(record, figure)
        agrees = known["low"] <= new["mean"] <= known["high"]
        if not agrees:
            wrong.append(f"{name} {figure}")
        shown = {key: wording.show(figure, new[key]) for key in ("mean", "low", "high")}
        published = record["published"].get(figure)
        guess, gain = _best_guess(figure, result)
        cells = [
            name,
            wording.title(figure),
            wording.show(figure, published["value"]) if published else "",
            shown["mean"],
            f"{shown['low']} to {shown['high']}",
            wording.show(figure, known["mean"]),
            guess,
            gain,
            f"{minutes:.0f}",
            "yes" if agrees else "NO",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows, wrong


def _best_guess(figure: str, result: Results) -> tuple[str, str]:
    """Return the best trivial baseline and the attack's relative gain over it, as text."""
    less_is_better, guesses = metric(figure).less_is_better, trivial()
    known = {
        name: value["mean"]
        for name, value in by_baseline(result["baselines"], figure).items()
        if name in guesses
    }
    if not known:
        return "", ""
    best = (min if less_is_better else max)(known, key=lambda name: known[name])
    own, value = quality.estimate(result, figure)["mean"], known[best]
    better = (value - own if less_is_better else own - value) / value if value else 0.0
    return f"{baseline(best).title.lower()} {wording.number(value)}", f"{better:+.1%}"


if __name__ == "__main__":
    cli.run(run)
