"""Preflight: checks of a run before it writes a file, most before TensorFlow's slow import."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ulk_tf import defences
from ulk_tf.data.datasets import Dataset, load
from ulk_tf.data.set_sizes import check_set_sizes
from ulk_tf.data.splits import split
from ulk_tf.files import check_folder
from ulk_tf.quiet import import_tensorflow
from ulk_tf.settings.experiment import Experiment
from ulk_tf.settings.presets import SHADOW
from ulk_tf.settings.privacy import refuse_idle

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Loaded:
    """Loaded data sets of a run.

    Attributes:
        dataset: the owner's data set.
        shadow_dataset: the adversary's data set; None if it is the owner's.
    """

    dataset: Dataset
    shadow_dataset: Dataset | None = None


def preflight(
    first: Experiment,
    *others: Experiment,
    dataset: Dataset | None = None,
    given: Mapping[str, Any] = NOTHING,
    swept: Collection[str] = (),
) -> Loaded:
    """Check folders, data, sizes and classifiers, and load the data; imports TensorFlow.

    Args:
        first: all settings of a run.
        others: settings of further runs with the same data and folders.
        dataset: the owner's data set, if it is in memory already.
        given: the flags that were given, by name; one that nothing reads is refused.
        swept: names of flags that a sweep sets.

    Raises:
        UserError: a check fails.
    """
    refuse_idle(given, [*(name for name in given if given[name] is not None), *swept])
    folders = first.folders
    check_folder(Path(folders.runs_dir), "--runs_dir")
    check_folder(Path(folders.export_dir), "--export_dir")
    names = [party.data.dataset for party in (first.owner, first.adversary)]
    alone = names[0] == names[1]

    def check_early(samples: int) -> None:
        files = [p.model.base_model for p in (first.owner, first.adversary) if p.model.base_model]
        # What base models from files were trained on is known when the data are.
        if alone and not files:
            for one in (first, *others):
                check_set_sizes(split(one, samples), one)
        import_tensorflow()  # before TFDS imports it and prints its messages
        # These import TensorFlow.
        from ulk_tf.classifiers import base_file, procedure_class, zoo  # noqa: PLC0415

        base_file.check(first.owner, "--base_model")
        base_file.check(first.adversary, "--shadow_base_model")

        for target in {first.owner.model.target, first.adversary.model.target} - {"auto"}:
            zoo.find(target)
        owner, adversary = first.owner.model.procedure, first.adversary.model.procedure
        procedure_class.refuse_unread(given, owner, adversary, SHADOW)

    cache = Path(folders.runs_dir) / "data"
    if dataset is None:
        dataset = load(names[0], folders.data_dir, cache, check_early)
    else:
        check_early(len(dataset.labels))
    other = None if alone else load(names[1], folders.data_dir, cache)
    from ulk_tf.classifiers.base_file import check_fit  # noqa: PLC0415 - imports TensorFlow
    from ulk_tf.corpus.build import designs_of  # noqa: PLC0415 - imports TensorFlow

    for one in (first, *others):
        _, designs = designs_of(one, dataset, other)
        for design in designs:
            data = design.dataset
            if text := design.party.defence.defence:
                defences.parse(text, dataset.classes)
            design.procedure.check(data.samples, data.labels, design.party.update)
            if design.base_file:
                check_fit(design.base_file, design.procedure, data.samples, dataset.classes)
    return Loaded(dataset, other)
