"""Sweep defences: what each leaves of an attack, and what it costs.

python -m trainers.defences --dataset=mnist --attack=li,lde
"""

from ulk_tf.settings import cli
from ulk_tf.sweeping.command import SWEEPS

if __name__ == "__main__":
    cli.run(SWEEPS["defences"])
