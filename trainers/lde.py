"""Train A_LDE from the command line: `python -m trainers.lde --dataset=mnist`."""

from ulk_tf.trainer import main

if __name__ == "__main__":
    main("lde")
