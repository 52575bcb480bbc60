"""Sweep adversaries: what an attack is worth with less knowledge.

python -m trainers.adversaries --dataset=mnist --attack=li,lde
"""

from ulk_tf.settings import cli
from ulk_tf.sweeping.command import SWEEPS

if __name__ == "__main__":
    cli.run(SWEEPS["adversaries"])
