"""Sweep adversaries: what an attack is worth with less knowledge.

python -m trainers.adversaries --dataset=mnist --attack=li,lde
"""

from collections.abc import Sequence

from ulk_tf.settings import cli
from ulk_tf.sweeping.command import sweeping
from ulk_tf.sweeping.settings import ADVERSARIES

SUMMARY = "Measure adversaries who know less of the target, its data, its update or its answers."


def main(argv: Sequence[str] | None = None) -> None:
    """Parse, measure, print a table for each attack and the paths of its files.

    Args:
        argv: the arguments; those of the process when None.
    """
    cli.run(sweeping(ADVERSARIES, SUMMARY, defended=False), argv)


if __name__ == "__main__":
    main()
