"""Sweep updates as services make them: which of them give away less.

python -m trainers.updates --dataset=mnist --attack=li,lde
"""

from ulk_tf.settings import cli
from ulk_tf.sweeping.command import SWEEPS

if __name__ == "__main__":
    cli.run(SWEEPS["updates"])
