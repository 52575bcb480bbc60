"""Sweep defences: what each leaves of an attack, and what it costs.

python -m trainers.defences --dataset=mnist --attack=li,lde
"""

from collections.abc import Sequence

from ulk_tf.settings import cli
from ulk_tf.sweeping.command import sweeping
from ulk_tf.sweeping.settings import DEFENCES

SUMMARY = "Measure defences: what each leaves of an attack, and what it costs the answers."


def main(argv: Sequence[str] | None = None) -> None:
    """Parse, measure, print a table for each attack and the paths of its files.

    Args:
        argv: the arguments; those of the process when None.
    """
    cli.run(sweeping(DEFENCES, SUMMARY, defended=True), argv)


if __name__ == "__main__":
    main()
