"""Functions of `import ulk_tf` that train attacks; trainers are command lines for them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ulk_tf.data.datasets import Dataset, load
from ulk_tf.errors import UserError
from ulk_tf.files import Array
from ulk_tf.given_flags import compute_inline, give_bases, give_procedures
from ulk_tf.preflight import preflight
from ulk_tf.progress import notes
from ulk_tf.quiet import import_tensorflow
from ulk_tf.result import Result
from ulk_tf.settings.presets import Preset, experiment

Arrays = tuple[Array, Array]


@notes()
def run(
    attack: str,
    *,
    dataset: str | Dataset | Arrays = "digits",
    target: Any = "auto",
    procedure: str | type | None = None,
    preset: Preset = "default",
    seed: int = 0,
    **flags: Any,
) -> Result:
    """Train an attack on shadow models, score it on target models, and export it.

    Args:
        attack: li, ssr, lde or msr.
        dataset: digits, a TFDS name, a .npz file, a `Dataset`, or (samples, labels): samples are
            uint8 images [n, height, width, channels] or vectors [n, features], labels whole
            numbers [n] from 0.
        target: auto, a name of the zoo, module:function, a function of (sample shape, classes)
            that makes a Keras classifier, or a Keras model whose architecture is taken.
        procedure: a class with the methods of `Procedure`, or module:Class: trains, updates and
            queries classifiers in any framework. `shadow_procedure` is the adversary's. The
            built-in Keras procedure when None.
        preset: quick, default or paper.
        seed: seed of all randomness; same seed, same bytes on CPU.
        **flags: any flag of the trainers by its name, such as `training_bases=4`; the prefix
            `shadow_` sets the adversary's value of a flag instead of the owner's. `base_model`
            may also be a Keras model or a list of weights, `base_samples` an array of positions
            in the data set or a boolean mask over it.

    Returns:
        The result; its files are in the folders `runs_dir` and `export_dir`.

    Raises:
        UserError: an argument is unusable, and nothing is written; or base training or an update
            fails later, and the same call goes on from there.
        TypeError: no flag has that name.

    Example:
        >>> import ulk_tf
        >>> result = ulk_tf.run("li", preset="quick", runs_dir=runs, export_dir=exports)
        >>> result.leaks(over="shuffled")
        'shown'
        >>> print(result.summary().splitlines()[1])  # doctest: +ELLIPSIS
        accuracy ...
    """
    import_tensorflow()
    from ulk_tf import workflow  # noqa: PLC0415 - imports TensorFlow
    from ulk_tf.classifiers import base_file, given, keras_state  # noqa: PLC0415 - imports TensorFlow

    give_bases(flags)
    data = None if isinstance(dataset, str) else load_dataset(dataset)
    flags["dataset"] = dataset if data is None else data.name
    if procedure is not None:
        flags["procedure"] = procedure
    give_procedures(flags)
    with keras_state.kept(seeds=True):
        if not isinstance(target, str):
            settings = experiment(attack, preset, seed, **flags)
            data = data or preflight(settings).dataset
            target = given.give(target, data.sample_shape, data.classes)
            classifier = given.given(target)
            if classifier and classifier.json is None:
                compute_inline(flags, target)
        if target != "auto":
            flags["target"] = target
        for side in ("", "shadow_"):
            if target == "auto" and not base_file.is_portable(flags.get(f"{side}base_model")):
                compute_inline(flags, flags[f"{side}base_model"])
        settings = experiment(attack, preset, seed, **flags)
        loaded = preflight(settings, dataset=data, given=flags)
        path = workflow.run(settings, loaded, tell=lambda _: None)
    return Result.load(path)


def load_dataset(
    dataset: str | Dataset | Arrays,
    *,
    class_names: Sequence[str] | None = None,
    data_dir: str | None = None,
    runs_dir: str = "runs",
) -> Dataset:
    """Load a data set by name or file, or make one from arrays.

    Args:
        dataset: digits, a TFDS name, a .npz file, or (samples, labels) as `run` takes them.
        class_names: names of the classes of arrays; their numbers when None.
        data_dir: folder of prepared TFDS data; TFDS_DATA_DIR or the default of TFDS when None.
        runs_dir: folder whose subfolder `data` holds decoded TFDS images.

    Returns:
        Samples, labels and names of the classes.

    Raises:
        UserError: the data set is unknown, unavailable or unusable.

    Example:
        >>> import ulk_tf
        >>> digits = ulk_tf.load_dataset("digits")
        >>> digits.samples.shape, digits.classes
        ((1797, 8, 8, 1), 10)
        >>> half = ulk_tf.load_dataset((digits.samples[::2], digits.labels[::2]))
        >>> len(half.labels)
        899
    """
    if isinstance(dataset, Dataset):
        return dataset
    if isinstance(dataset, str):
        return load(dataset, data_dir, Path(runs_dir) / "data")
    if not (isinstance(dataset, tuple | list) and len(dataset) == 2):
        raise UserError(
            "a data set as a name, a .npz file, a Dataset or (samples, labels)",
            type(dataset).__name__,
        )
    from ulk_tf.data.npz import from_arrays  # noqa: PLC0415 - light, but only needed here

    return Dataset("own", *from_arrays(*dataset, class_names))
