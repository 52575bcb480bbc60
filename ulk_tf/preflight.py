"""What is checked before anything is written; most of it before TensorFlow's slow import."""

from pathlib import Path

from ulk_tf.data.datasets import load
from ulk_tf.data.splits import check_set_size, split
from ulk_tf.files import check_folder
from ulk_tf.quiet import import_tensorflow
from ulk_tf.settings.experiment import Experiment


def preflight(first: Experiment, *others: Experiment) -> None:
    """Raise `UserError` where folders, data, sizes or target cannot do; imports TensorFlow.

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
        from ulk_tf.classifiers import zoo  # noqa: PLC0415 - imports TensorFlow

        if first.target.target != "auto":
            zoo.find(first.target.target)

    load(data.dataset, data.data_dir, Path(output.runs_dir) / "data", check_sizes)
