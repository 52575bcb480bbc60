"""Train A_MSR from the command line: `python -m trainers.msr --dataset=mnist`."""

from ulk_tf.trainer import main

if __name__ == "__main__":
    main("msr")
