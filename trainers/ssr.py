"""Train A_SSR from the command line: `python -m trainers.ssr --dataset=mnist`."""

from ulk_tf.trainer import main

if __name__ == "__main__":
    main("ssr")
