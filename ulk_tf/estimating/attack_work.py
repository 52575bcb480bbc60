"""Work of attacks: their trainings, scores and exports."""

import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ulk_tf.attacking import homes
from ulk_tf.attacks.autoencoder import BATCH, autoencoder_file, autoencoder_key
from ulk_tf.attacks.features import BY_CLASS, VALUES_OF_A_PROBE, read_singly
from ulk_tf.attacks.fit import TRAINING_STATE
from ulk_tf.attacks.gan_parts import convolutional
from ulk_tf.attacks.msr import MOST_SETS, SAMPLES_IN_STEP
from ulk_tf.corpus.build import designs_of
from ulk_tf.corpus.design import Design
from ulk_tf.data.splits import Splits
from ulk_tf.errors import UserError
from ulk_tf.estimating.work import EXPORT, HELD_OUT, SCORING, TRAINING, Work
from ulk_tf.files import load_npz
from ulk_tf.preflight import Loaded
from ulk_tf.settings.attack_configs import LabelConfig, MsrConfig, SsrConfig
from ulk_tf.settings.attack_table import attack_row
from ulk_tf.settings.experiment import Experiment

# Multiplications for a value of a sample that is generated, beside those of an image of one
# channel: convolutions of colour images take more.
PER_VALUE, COLOUR = 1e3, 2
BOTH_PASSES = 3
# Time of two trainings one after the other over that of both at once.
SIDE_BY_SIDE = 1.4


@dataclass(frozen=True)
class Sizes:
    """Sizes that decide how long an attack takes.

    Attributes:
        probes: probes of the probing set.
        classes: classes of the target.
        values: numbers in a sample, those of colour images weighted.
        samples: the adversary's samples.
        updates: shadow updates.
        folder: folder of the run.
        design: design of the adversary's corpus.
        splits: samples of each side.
        first: whether it is the first of a run's attacks, whose autoencoder the others share.
    """

    probes: int
    classes: int
    values: float
    samples: int
    updates: int
    folder: Path
    design: Design
    splits: Splits
    first: bool = True

    @classmethod
    def of(cls, experiment: Experiment, loaded: Loaded, folder: Path) -> "Sizes":
        """Find the sizes of a run."""
        splits, (adversary, _) = designs_of(experiment, loaded.dataset, loaded.shadow_dataset)
        shape, counts = loaded.dataset.sample_shape, experiment.counts
        colour = COLOUR if len(shape) == 3 and shape[-1] > 1 else 1
        return cls(
            len(adversary.probing_set),
            loaded.dataset.classes,
            math.prod(shape) * colour,
            len(splits.shadow),
            counts.training_bases * counts.training_updates,
            folder,
            adversary,
            splits,
        )

    def state(self, training: str) -> Path:
        """Return the file of a training's state.

        Args:
            training: name of the training.
        """
        return self.folder / TRAINING_STATE / f"{training}.npz"


def attack_work(experiment: Experiment, loaded: Loaded, folder: Path) -> list[Work]:
    """Count what a run computes after its corpus; epochs of a training that was killed are done.

    Args:
        experiment: settings of the run.
        loaded: its data.
        folder: folder of the run.
    """
    sizes, name = Sizes.of(experiment, loaded, folder), experiment.attack_name
    if name not in TRAININGS:
        return [Work(TRAINING, "other attack", 1, like=(name,))]
    counts = experiment.counts
    asked = counts.target_bases * counts.target_updates
    attacks = homes(folder, experiment.attacked_apart)
    held_out = counts.validation_bases * counts.validation_updates
    held_out = min(held_out, attack_row(name).seen_updates)
    config, size, kind = experiment.attack, 0.0, "question"
    if isinstance(config, MsrConfig):
        kind, k = "set", experiment.owner.update.set_size
        # Clustering, then the generated samples.
        size = config.cluster_samples * (40 * k + PER_VALUE * sizes.values) / 1e9
    like = (name, sizes.probes, sizes.classes)
    trainings = [
        work
        for number, home in enumerate(attacks)
        for work in TRAININGS[name](
            experiment, dataclasses.replace(sizes, folder=home, first=number == 0)
        )
    ]
    exported = [Work(EXPORT, f"export: {kind}", 1, size, like=like)]
    return [
        *trainings,
        Work(SCORING, "scoring start", len(attacks), like=like),
        Work(SCORING, kind, asked, size, like=like),
        Work(HELD_OUT, f"held-out {kind}", held_out, size, like=like),
        *(exported if len(attacks) == 1 else ()),
    ]


def _label_training(
    name: str, config: LabelConfig, sizes: Sizes, decoded: float = 0.0
) -> list[Work]:
    """Count the steps of an ensemble of a label attack, or of one that decodes samples."""
    read = sizes.probes * sizes.classes
    if config.feature_map in BY_CLASS:
        probes = len(read_singly(config.feature_map, sizes.probes))
        # Some values of a probe for each class, and one that all classes share.
        read = probes * (VALUES_OF_A_PROBE * sizes.classes + 1)
    size = BOTH_PASSES * config.batch * (read * config.hidden + decoded) / 1e9
    steps = math.ceil(sizes.updates / config.batch)
    trainings = [name, *(f"{name}-{number}" for number in range(1, config.ensemble))]
    left = sum(max(config.epochs - done(sizes.state(training)), 0) for training in trainings)
    like = (name, sizes.probes, sizes.classes, sizes.updates, dataclasses.asdict(config))
    return [
        Work(TRAINING, "training start", len(trainings)),
        Work(TRAINING, "attack step", steps * left, size, like=like),
    ]


def _autoencoder(
    sizes: Sizes, code: int, epochs: int, seed: int, convolves: bool | None = None
) -> list[Work]:
    dataset = sizes.design.dataset
    key = autoencoder_key(dataset, sizes.splits, code, epochs, seed, convolves)
    steps = math.ceil(sizes.samples / BATCH)
    left = max(epochs - done(autoencoder_file(sizes.design.home, key)), 0) if sizes.first else 0
    size = BOTH_PASSES * BATCH * PER_VALUE * sizes.values / 1e9
    return [
        Work(TRAINING, "training start", 1),
        Work(TRAINING, "autoencoder step", steps * left, size),
    ]


def _labels(experiment: Experiment, sizes: Sizes) -> list[Work]:
    config = experiment.attack
    assert isinstance(config, LabelConfig)  # noqa: S101 - the table of attacks says so
    return _label_training(experiment.attack_name, config, sizes)


def _ssr(experiment: Experiment, sizes: Sizes) -> list[Work]:
    config = experiment.attack
    assert isinstance(config, SsrConfig)  # noqa: S101 - the table of attacks says so
    return [
        *_autoencoder(sizes, config.code_dim, config.autoencoder_epochs, experiment.seed),
        *_label_training("ssr", config, sizes, PER_VALUE * sizes.values),
        *_label_training("li", config, sizes),
    ]


def _msr(experiment: Experiment, sizes: Sizes) -> list[Work]:
    config, k = experiment.attack, experiment.owner.update.set_size
    assert isinstance(config, MsrConfig)  # noqa: S101 - the table of attacks says so
    works: list[Work] = []
    if config.labels:
        label_config = LabelConfig(
            feature_map=config.feature_map, epochs=config.label_epochs, dropout=config.label_dropout
        )
        works += _label_training("lde", label_config, sizes)
    if config.transfer:
        epochs, convolves = config.autoencoder_epochs, convolutional(config, sizes.design.dataset)
        works += _autoencoder(sizes, config.noise_dim, epochs, experiment.seed, convolves)
    if config.labels and config.transfer:
        works = [dataclasses.replace(work, at_once=SIDE_BY_SIDE) for work in works]
    sets = config.sets_per_step or min(max(SAMPLES_IN_STEP // k, 1), MOST_SETS)
    steps = sizes.updates // sets
    steps = min(config.epoch_steps or steps, steps)
    left = max(config.epochs - done(sizes.state("msr")), 0)
    # Both networks are trained on the samples of a step.
    wide = config.generator_width / 512
    size = 2 * BOTH_PASSES * sets * k * PER_VALUE * sizes.values * wide / 1e9
    like = (sizes.probes, sizes.classes, sizes.updates, dataclasses.asdict(config))
    return [
        *works,
        Work(TRAINING, "training start", 1),
        Work(TRAINING, "gan step", steps * left, size, like=like),
    ]


# By attack; those that are not here count as `other attack`.
TRAININGS: Mapping[str, Callable[[Experiment, Sizes], list[Work]]] = {
    "li": _labels,
    "lde": _labels,
    "ssr": _ssr,
    "msr": _msr,
}


def done(path: Path) -> int:
    """Count the epochs that an earlier run has left of a training.

    Args:
        path: file of the training's state.
    """
    if not path.is_file():
        return 0
    try:
        curves = json.loads(str(load_npz(path, ("told",))["told"]))["curves"]
        return max(len(values) for values in curves.values())
    except (UserError, ValueError, KeyError, TypeError, AttributeError):
        return 0
