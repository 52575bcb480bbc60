"""Trainers: the command line of any attack of the table."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ulk_tf.commands import command
from ulk_tf.settings import cli
from ulk_tf.settings.attack_table import attack_row
from ulk_tf.settings.experiment import Experiment
from ulk_tf.settings.flags import Described

if TYPE_CHECKING:
    from ulk_tf.preflight import Loaded


def main(name: str, argv: Sequence[str] | None = None) -> None:
    """Train, score, export and report an attack, and exit the process with an exit code.

    The last line of standard output is the path of results.json.

    Args:
        name: name of the attack.
        argv: the arguments; those of the process when None.

    Raises:
        SystemExit: see `cli.run`.
    """
    cli.run(training(name), argv)


def training(name: str) -> Described:
    """Make the command that `main` runs, with its flags and its help.

    Args:
        name: name of the attack.
    """

    def train(experiment: Experiment, loaded: "Loaded") -> None:
        print(run(experiment, loaded))

    return command(name, train, attack_row(name).summary)


def run(experiment: Experiment, loaded: "Loaded", announced: bool = False) -> Path:
    """Run an experiment on loaded data; see `workflow.run`."""
    # Imports TensorFlow, which takes seconds; misspelt flags are reported before.
    from ulk_tf import workflow  # noqa: PLC0415

    return workflow.run(experiment, loaded, announced=announced)


def rehearse(experiment: Experiment, loaded: "Loaded") -> None:
    """Try what the end of a run needs; see `rehearsal.rehearse`."""
    from ulk_tf import rehearsal  # noqa: PLC0415 - imports TensorFlow

    rehearsal.rehearse(experiment, loaded)
