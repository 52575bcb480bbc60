"""What is checked before TensorFlow is imported, which takes seconds, and anything written."""

from pathlib import Path

from ulk_tf.config import Experiment
from ulk_tf.data.datasets import load
from ulk_tf.data.splits import check_set_size, split
from ulk_tf.files import check_folder
from ulk_tf.quiet import import_tensorflow


def preflight(first: Experiment, *others: Experiment) -> None:
    """Raise `UserError` where folders, data or sizes cannot do; import TensorFlow quietly.

    Args:
        first: all settings of a run.
        others: more runs, with the same data and folders.
    """
    output, data = first.output, first.data
    check_folder(Path(output.runs_dir), "--runs_dir")
    check_folder(Path(output.export_dir), "--export_dir")

    def check_sizes(samples: int) -> None:
        for one in (first, *others):
            check_set_size(split(data, samples, one.seed), one.update.set_size)
        import_tensorflow()  # before TFDS does it, aloud

    load(data.dataset, data.data_dir, Path(output.runs_dir) / "data", check_sizes)
