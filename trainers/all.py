"""Train all attacks, and print one table: `python -m trainers.all --dataset=mnist`."""

from collections.abc import Sequence
from pathlib import Path

from ulk_tf import trainer
from ulk_tf.commands import shared_command
from ulk_tf.evaluation.results import read_results
from ulk_tf.preflight import Loaded
from ulk_tf.settings import cli
from ulk_tf.settings.attack_table import ATTACKS
from ulk_tf.settings.experiment import Experiment

SUMMARY = "Run all attacks on one data set and print one table."


def main(argv: Sequence[str] | None = None) -> None:
    """Parse, run, print the table; the last line is the path of the last results.

    Args:
        argv: the arguments; those of the process when None.
    """
    cli.run(shared_command(run, SUMMARY), argv)


def run(experiments: Sequence[Experiment], loaded: Loaded) -> None:
    """Run every attack, and print one line for each and the paths of their results.

    Args:
        experiments: one for each attack.
        loaded: their data.
    """
    from ulk_tf.estimating.estimate import announce, estimate
    from ulk_tf.workflow import run_folder

    for one in experiments:  # the last attack's fault is said before the first is trained
        trainer.rehearse(one, loaded)
    announce(estimate(experiments, loaded, [run_folder(one) for one in experiments]))
    paths = {one.attack_name: trainer.run(one, loaded, announced=True) for one in experiments}
    print(f"\n{'attack':8}{'metric':26}{'attack':>10}   95% interval          baselines")
    for name, path in paths.items():
        print(_line(name, path))
    for path in paths.values():
        print(path)


def _line(name: str, path: Path) -> str:
    results, metric = read_results(path), ATTACKS[name].headline
    own = results["metrics"][metric]
    interval = f"[{own['low']:.5f}, {own['high']:.5f}]"
    others = ", ".join(
        f"{key.partition(':')[2]} {value['mean']:.5f}"
        for key, value in results["baselines"].items()
        if key.startswith(f"{metric}:")
    )
    return f"{name:8}{metric:26}{own['mean']:10.5f}   {interval:22}{others}"


if __name__ == "__main__":
    main()
