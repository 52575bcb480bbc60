"""Train A_LI from the command line: `python -m trainers.li --dataset=mnist`."""

from ulk_tf.trainer import main

if __name__ == "__main__":
    main("li")
