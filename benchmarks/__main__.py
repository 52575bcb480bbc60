"""`python -m benchmarks`: in its own file, which spawned processes do not import again."""

import os

if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from ulk_tf.quiet import import_tensorflow
    from ulk_tf.settings import cli

    import_tensorflow()
    from benchmarks.run import run

    cli.run(run)
